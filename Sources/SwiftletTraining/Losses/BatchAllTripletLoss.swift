// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// All triplets of the batch, an anchor, a positive and a negative each: the mean of d_ap - d_an + m over those for which
/// it is above 0; 0 if there are none.
///
/// Takes O(B² log B) time and O(B²) memory, whatever the number of triplets.
///
/// Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017, there
/// called batch all, with the mean over what is not 0; Ding, Lin, Wang, Chao: Deep feature learning with relative
/// distance comparison for person re-identification, Pattern Recognition 48(10), 2015.
public struct BatchAllTripletLoss: NamedLoss {
  /// How far two vectors are from each other.
  public let distance: Distance

  /// m: how much farther than the positive a negative shall be.
  public let margin: Float

  /// The loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// The loss of a batch.
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
    return LossValue(value, statistics: distances.statistics(activeFraction: triplets.activeFraction))
  }

  /// m
  public var valueOfCollapse: Float? { margin }

  // MARK: Named loss

  /// `batch-all-triplet`
  public static let name = "batch-all-triplet"

  /// The loss of parameters that a user may have left out.
  public init(_ parameters: LossParameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}

/// The sum of the active triplets' terms, and how often each distance occurs in it.
struct ActiveTriplets {
  private(set) var sum = 0.0
  private(set) var activeCount = 0
  private(set) var count = 0

  /// `[B, B]`: of a positive, in how many active triplets it is with that anchor; of a negative, minus that number.
  private(set) var occurrences: [Float]
  private let batchSize: Int

  init(batchSize: Int) {
    self.batchSize = batchSize
    occurrences = Array(repeating: 0, count: batchSize * batchSize)
  }

  /// Adds the triplets of an anchor: with a positive, those negatives are active that are nearer than d_ap + m, and of
  /// negatives by rank, the sum of any number of the nearest is known.
  mutating func add(anchor: Int, _ positives: [(distance: Float, row: Int)], _ negatives: RankedRows, margin: Float) {
    var sums = [0.0]
    for rank in 0..<negatives.count { sums.append(sums[rank] + Double(negatives.distance(rank))) }
    var ends = [Int](repeating: 0, count: negatives.count + 1)
    for (distance, row) in positives {
      // The reference's bound. NaN counts as active and so shows in the loss.
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

  /// With y = Σ (d_ap - d_an + m) / N over N active triplets: each distance has dy / N as often as it occurs.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let factor = gradient.values[0] / Float(max(triplets.activeCount, 1))
    pass.add(Tensor(triplets.occurrences.map { $0 * factor }, shape: input.tensor.shape), to: input)
  }
}
