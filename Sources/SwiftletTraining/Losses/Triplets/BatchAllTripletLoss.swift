// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// A loss over all triplets of an anchor, a positive and a negative in a batch: the mean of d_ap - d_an + m over the
/// triplets for which it is positive; 0 if there are none.
///
/// Takes O(B² log B) time and O(B²) memory for any number of triplets.
///
/// Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017, where it
/// is called batch all with the mean over non-zero terms; Ding, Lin, Wang, Chao: Deep feature learning with relative
/// distance comparison for person re-identification, Pattern Recognition 48(10), 2015.
public struct BatchAllTripletLoss: NamedLoss {
  /// The distance between two vectors.
  public let distance: Distance

  /// m: the difference that the distance of a negative should exceed that of the positive by.
  public let margin: Float

  /// Creates the loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// Computes the loss of a batch.
  public func callAsFunction(_ batch: LabeledBatch) -> LossValue {
    let distances = LabeledDistances(batch, distance)
    var triplets = ActiveTriplets(batchSize: batch.labels.count)
    for anchor in batch.labels.indices {
      triplets.add(
        anchor: anchor, distances.positives(of: anchor).map { (distance: distances[anchor, $0], row: $0) },
        distances.negatives(of: anchor), margin: margin)
    }
    let value = Context.of(distances.distances).record(
      Tensor([triplets.mean], shape: [1]),
      ActiveTripletsOperation(input: Operand(distances.distances), triplets: triplets))
    return LossValue(
      value, statistics: distances.statistics(activeFraction: triplets.activeFraction, ofTerms: triplets.count))
  }

  /// m
  public var valueOfCollapse: Float? { margin }

  // MARK: Named loss

  /// `batch-all-triplet`
  public static let name = "batch-all-triplet"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}

/// The sum of the active triplets' terms, and the number of times that each distance occurs in it.
struct ActiveTriplets {
  private(set) var sum = 0.0
  private(set) var activeCount = 0
  private(set) var count = 0

  /// `[B, B]`: for an anchor and a positive, the number of active triplets with both; for an anchor and a negative,
  /// minus that number.
  private(set) var occurrences: [Float]
  private let batchSize: Int

  init(batchSize: Int) {
    self.batchSize = batchSize
    occurrences = Array(repeating: 0, count: batchSize * batchSize)
  }

  /// Adds the triplets of an anchor. For each positive, the negatives nearer than d_ap + m are active. These are the
  /// first in rank order, so prefix sums give their total.
  mutating func add(anchor: Int, _ positives: [(distance: Float, row: Int)], _ negatives: RankedRows, margin: Float) {
    var sums = [0.0]
    for rank in 0..<negatives.count { sums.append(sums[rank] + Double(negatives.distance(rank))) }
    var ends = [Int](repeating: 0, count: negatives.count + 1)
    for (distance, row) in positives {
      // The bound is the reference's. NaN counts as active, so that it shows in the loss.
      let active = negatives.count { !(distance - $0 + margin <= 1e-16) }
      ends[active] += 1
      occurrences[anchor * batchSize + row] = Float(active)
      sum += Double(active) * (Double(distance) + Double(margin)) - sums[active]
      activeCount += active
    }
    count += positives.count * negatives.count
    var reaching = 0
    for rank in (0..<negatives.count).reversed() {
      reaching += ends[rank + 1]
      occurrences[anchor * batchSize + negatives.row(rank)] = -Float(reaching)
    }
  }

  var mean: Float { activeCount == 0 ? 0 : Float(sum / Double(activeCount)) }

  var activeFraction: Float? { count == 0 ? nil : Float(Double(activeCount) / Double(count)) }
}

struct ActiveTripletsOperation: Operation {
  let input: Operand
  let triplets: ActiveTriplets

  /// With y = Σ (d_ap - d_an + m) / N over N active triplets: each distance gets dy / N for each time it occurs.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let factor = gradient.values[0] / Float(max(triplets.activeCount, 1))
    pass.add(Tensor(triplets.occurrences.map { $0 * factor }, shape: input.tensor.shape), to: input)
  }
}
