// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
package import SwiftletEncoders
import SwiftletTensors

/// A batch of queries, each with a cross-encoder's logits of its candidates: first its positive, then negatives.
public struct CandidateBatch: AnchoredBatch {
  /// The logits of all candidates, query after query.
  public let logits: Variable

  /// The number of candidates of each query, at least 1.
  public let counts: [Int]

  /// Creates a batch of logits `[Σ counts]`.
  public init(logits: Variable, counts: [Int]) {
    precondition(counts.allSatisfy { $0 >= 1 }, "a query without candidates")
    let total = counts.reduce(0, +)
    precondition(logits.shape == [total], "\(total) candidates for logits of shape \(logits.shape)")
    self.logits = logits
    self.counts = counts
  }

  /// Each query is an anchor.
  public var anchorCount: Int { counts.count }
}

extension CandidateBatch {
  /// Makes a matrix of the logits of some queries, a row each, whose first column is that of the positives.
  ///
  /// - Parameter transform: applied to the logits. Rows with fewer candidates are filled up with a score whose exponential
  ///   is 0.
  func scores(_ queries: Range<Int>, _ transform: (Variable) -> Variable) -> Variable {
    let columns = counts[queries].max() ?? 1
    var start = counts[..<queries.lowerBound].reduce(0, +)
    var places: [Int] = [], shifts: [Float] = []
    for count in counts[queries] {
      for column in 0..<columns {
        places.append(start + (column < count ? column : 0))
        shifts.append(column < count ? 0 : -1e12)
      }
      start += count
    }
    let shape = [queries.count, columns], scores = transform(logits.elements(places)).reshaped(shape)
    return shifts.allSatisfy { $0 == 0 } ? scores : scores + Variable(Tensor(shifts, shape: shape))
  }
}

extension CandidateBatch: TextBatch {
  package static var kinds: Set<Dataset.Kind> { [.triplets, .positivePairs] }
  package static var modelKind: ModelKind { .crossEncoder }

  package init(_ batch: BatchVectors) {
    guard let counts = batch.candidateCounts else { preconditionFailure("no candidates") }
    self.init(logits: batch.vectors.reshaped([batch.vectors.shape[0]]), counts: counts)
  }
}
