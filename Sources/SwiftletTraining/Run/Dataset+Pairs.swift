// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletFiles

/// The pairs of texts of which a cross-encoder computes logits in training.
extension Dataset {
  /// The number of other rows' positives that a query without negatives is compared with, as in the reference.
  private static let randomNegativeCount = 4

  /// All pairs of texts in the rows, without random negatives.
  var pairs: [EncoderInput] {
    switch self {
    case .labeledTexts(let data): data.texts.map { EncoderInput($0) }
    case .scoredPairs(let data): zip(data.first, data.second).map { EncoderInput($0, pair: $1) }
    case .labeledPairs(let data): zip(data.first, data.second).map { EncoderInput($0, pair: $1) }
    case .positivePairs(let data): zip(data.anchors, data.positives).map { EncoderInput($0, pair: $1) }
    case .triplets(let data): (0..<data.count).flatMap { Dataset.candidates(of: data, $0) }
    }
  }

  /// A batch of the pairs of some rows.
  ///
  /// - Parameters:
  ///   - evaluate: computes the loss of the pairs' logits.
  ///   - batchNumber: with the seed it determines the random negatives.
  func pairs(
    of rows: [Int], _ evaluate: @escaping (BatchVectors) -> LossValue, seed: UInt64, batchNumber: Int
  ) -> TrainingBatch {
    func scored(_ first: [String], _ second: [String], _ target: (Int) -> Float) -> TrainingBatch {
      let targets = rows.map(target)
      return TrainingBatch(rows: rows, inputs: rows.map { EncoderInput(first[$0], pair: second[$0]) }) { batch in
        var batch = batch
        batch.targets = targets
        return evaluate(batch)
      }
    }
    func ranked(_ candidates: [[EncoderInput]]) -> TrainingBatch {
      TrainingBatch(rows: rows, inputs: Array(candidates.joined())) { batch in
        var batch = batch
        batch.candidateCounts = candidates.map(\.count)
        return evaluate(batch)
      }
    }
    switch self {
    case .scoredPairs(let data): return scored(data.first, data.second) { Float(data.scores[$0]) }
    case .labeledPairs(let data): return scored(data.first, data.second) { data.areAlike[$0] ? 1 : 0 }
    case .triplets(let data): return ranked(rows.map { Dataset.candidates(of: data, $0) })
    case .positivePairs(let data):
      let random = RandomStream(seed: seed, purpose: .mining, batch: batchNumber)
      return ranked(Dataset.candidates(of: data, rows, random))
    case .labeledTexts: preconditionFailure("labeled texts are no pairs")
    }
  }

  /// The positive of a row, then its negatives.
  private static func candidates(of data: TextTriplets, _ row: Int) -> [EncoderInput] {
    ([data.positives[row]] + data.negatives[row]).map { EncoderInput(data.anchors[row], pair: $0) }
  }

  /// The positive of each row, then random positives of other rows that share no text with it.
  private static func candidates(
    of data: PositivePairs, _ rows: [Int], _ random: RandomStream
  ) -> [[EncoderInput]] {
    var random = random
    let classes = data.classes(of: rows) ?? Array(rows.indices)
    return rows.indices.map { index in
      var others = rows.indices.filter { classes[$0] != classes[index] }
      // The first steps of a shuffle.
      let count = min(randomNegativeCount, others.count)
      for place in 0..<count { others.swapAt(place, place + random.next(below: others.count - place)) }
      return ([index] + others.prefix(count)).map {
        EncoderInput(data.anchors[rows[index]], pair: data.positives[rows[$0]])
      }
    }
  }
}
