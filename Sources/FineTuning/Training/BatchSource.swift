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
    case mined(LabeledTexts, TripletMiner, any ExplicitTripletLoss)
    case triplets(TextTriplets, any ExplicitTripletLoss)
  }

  private var kind: Kind
  private var sampler: any BatchSampler

  /// - Parameter name: the loss's, for a message.
  /// - Throws: ``FineTuningError`` if the loss does not go with the data; ``SamplerError`` if no batch can be made.
  init(_ dataset: Dataset, _ loss: TrainingLoss, name: String, _ settings: FineTuningSettings) throws {
    switch (dataset, loss) {
    case (.labeledTexts(let data), .labeled(let loss)): kind = .labeled(data, loss)
    case (.labeledTexts(let data), .triplets(let loss)):
      let miner = TripletMiner(
        labels: data.labels, mining: settings.mining, negativesPerAnchor: settings.negativesPerAnchor,
        seed: settings.seed)
      kind = .mined(data, miner, loss)
    case (.triplets(let data), .triplets(let loss)): kind = .triplets(data, loss)
    default: throw FineTuningError.unsuitableData(loss: name, found: dataset.kind)
    }
    if case .labeledTexts(let data) = dataset {
      sampler = try LabelSampler(
        labels: data.labels, labelsPerBatch: settings.labelsPerBatch, textsPerLabel: settings.samplesPerLabel,
        seed: settings.seed)
    } else {
      sampler = RowSampler(count: dataset.count, batchSize: settings.batchSize, seed: settings.seed)
    }
  }

  /// How many batches are one pass over the data.
  var batchesPerEpoch: Int { sampler.batchesPerEpoch }

  /// Goes on as if `position` batches had been drawn.
  mutating func advance(to position: Int) { sampler.advance(to: position) }

  /// The texts and labels among which hard negatives are to be mined; nil where none are.
  var minedTexts: LabeledTexts? {
    if case .mined(let data, let miner, _) = kind, miner.mining == .offline { data } else { nil }
  }

  /// The hard negatives that offline mining found; nil before it.
  var hardNegatives: HardNegatives? {
    get { if case .mined(_, let miner, _) = kind { miner.hardNegatives } else { nil } }
    set {
      guard case .mined(let data, var miner, let loss) = kind else { return }
      miner.hardNegatives = newValue
      kind = .mined(data, miner, loss)
    }
  }

  mutating func next() -> TrainingBatch {
    let number = sampler.position, rows = sampler.next()
    switch kind {
    case .labeled(let data, let loss):
      let labels = rows.map { data.labels[$0] }
      return TrainingBatch(rows: rows, texts: rows.map { data.texts[$0] }) { loss($0, labels: labels, in: $1) }
    case .mined(let data, let miner, let loss):
      let plan = miner.plan(rows, batchNumber: number), all = rows + plan.extraRows
      return TrainingBatch(rows: all, texts: all.map { data.texts[$0] }) { vectors, context in
        loss(vectors, plan.triplets(vectors.tensor, context), in: context)
      }
    case .triplets(let data, let loss):
      let texts =
        rows.map { data.anchors[$0] } + rows.map { data.positives[$0] } + rows.flatMap { data.negatives[$0] }
      let triplets = TripletIndices(count: rows.count, negatives: data.negatives[0].count)
      return TrainingBatch(rows: rows, texts: texts) { loss($0, triplets, in: $1) }
    }
  }
}

extension ExplicitTripletLoss {
  /// The loss of triplets among the vectors of a batch.
  fileprivate func callAsFunction(
    _ vectors: Variable, _ triplets: TripletIndices, in context: Context
  ) -> LossValue {
    self(
      anchors: context.rows(of: vectors, at: triplets.anchors),
      positives: context.rows(of: vectors, at: triplets.positives),
      negatives: context.rows(of: vectors, at: triplets.negatives), in: context)
  }
}
