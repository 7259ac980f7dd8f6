// SPDX-License-Identifier: Apache-2.0

import Autodiff
import TensorCore

/// A batch of texts and the loss of their vectors.
struct TrainingBatch {
  /// The rows of the data set that the texts are from.
  let rows: [Int]
  let texts: [String]
  let loss: (Variable, Context) -> LossValue
}

/// The batches of a data set, one after the other, each with the loss on it.
struct BatchSource {
  private enum Kind {
    case labeled(LabeledTexts, any LabeledLoss)
    case triplets(TextTriplets, any ExplicitTripletLoss)
  }

  private let kind: Kind
  private var sampler: any BatchSampler

  /// - Parameter name: the loss's, for a message.
  /// - Throws: ``FineTuningError`` if the loss does not go with the data; ``SamplerError`` if no batch can be made.
  init(_ dataset: Dataset, _ loss: TrainingLoss, name: String, _ settings: FineTuningSettings) throws {
    switch (dataset, loss) {
    case (.labeledTexts(let data), .labeled(let loss)):
      kind = .labeled(data, loss)
      sampler = try LabelSampler(
        labels: data.labels, labelsPerBatch: settings.labelsPerBatch, textsPerLabel: settings.samplesPerLabel,
        seed: settings.seed)
    case (.triplets(let data), .triplets(let loss)):
      kind = .triplets(data, loss)
      sampler = RowSampler(count: data.count, batchSize: settings.batchSize, seed: settings.seed)
    default:
      throw FineTuningError.unsuitableData(loss: name, found: dataset.kind, wanted: loss.kind)
    }
  }

  /// How many batches are one pass over the data.
  var batchesPerEpoch: Int { sampler.batchesPerEpoch }

  /// Goes on as if `position` batches had been drawn.
  mutating func advance(to position: Int) { sampler.advance(to: position) }

  mutating func next() -> TrainingBatch {
    let rows = sampler.next()
    switch kind {
    case .labeled(let data, let loss):
      let labels = rows.map { data.labels[$0] }
      return TrainingBatch(rows: rows, texts: rows.map { data.texts[$0] }) { loss($0, labels: labels, in: $1) }
    case .triplets(let data, let loss):
      let texts =
        rows.map { data.anchors[$0] } + rows.map { data.positives[$0] } + rows.flatMap { data.negatives[$0] }
      return TrainingBatch(rows: rows, texts: texts) { vectors, context in
        let count = rows.count
        func part(_ range: Range<Int>) -> Variable { context.rows(of: vectors, at: Array(range)) }
        return loss(
          anchors: part(0..<count), positives: part(count..<2 * count), negatives: part(2 * count..<texts.count),
          in: context)
      }
    }
  }
}

extension TrainingLoss {
  /// The data that it takes.
  fileprivate var kind: Dataset.Kind {
    switch self {
    case .labeled: .labeledTexts
    case .triplets: .triplets
    }
  }
}
