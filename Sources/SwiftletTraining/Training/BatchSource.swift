// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

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
    case labeled(LabeledTexts)
    case mined(LabeledTexts, TripletMiner)
    case triplets(TextTriplets)
    case pairs(first: [String], second: [String], targets: [Float])
  }

  private let loss: TrainingLoss
  private var kind: Kind
  private var sampler: any BatchSampler

  /// - Parameter name: the loss's, for a message.
  /// - Throws: ``FineTuningError`` if the loss does not go with the data; ``SamplerError`` if no batch can be made.
  init(_ dataset: Dataset, _ loss: TrainingLoss, name: String, _ settings: FineTuningSettings) throws {
    switch (dataset, loss) {
    case (_, .classification): throw FineTuningError.unsuitableData(loss: name, found: dataset.kind)
    case (.labeledTexts(let data), .labeled): kind = .labeled(data)
    case (.labeledTexts(let data), _):
      let miner = TripletMiner(
        labels: data.labels, mining: settings.mining, negativesPerAnchor: settings.negativesPerAnchor,
        seed: settings.seed)
      kind = .mined(data, miner)
    case (.triplets(let data), .triplets), (.triplets(let data), .pairs), (.triplets(let data), .ranking):
      kind = .triplets(data)
    case (.scoredPairs(let data), .pairs):
      kind = .pairs(first: data.first, second: data.second, targets: data.scores.map { Float($0) })
    case (.labeledPairs(let data), .pairs):
      kind = .pairs(first: data.first, second: data.second, targets: data.areAlike.map { $0 ? 1 : 0 })
    default: throw FineTuningError.unsuitableData(loss: name, found: dataset.kind)
    }
    self.loss = loss
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
    if case .mined(let data, let miner) = kind, miner.mining == .offline { data } else { nil }
  }

  /// The hard negatives that offline mining found; nil before it.
  var hardNegatives: HardNegatives? {
    get { if case .mined(_, let miner) = kind { miner.hardNegatives } else { nil } }
    set {
      guard case .mined(let data, var miner) = kind else { return }
      miner.hardNegatives = newValue
      kind = .mined(data, miner)
    }
  }

  mutating func next() -> TrainingBatch {
    let number = sampler.position, rows = sampler.next(), loss = loss
    switch kind {
    case .labeled(let data):
      let labels = rows.map { data.labels[$0] }
      return TrainingBatch(rows: rows, texts: rows.map { data.texts[$0] }) { loss($0, labels: labels, in: $1) }
    case .mined(let data, let miner):
      let plan = miner.plan(rows, batchNumber: number), all = rows + plan.extraRows
      let labels = all.map { data.labels[$0] }
      return TrainingBatch(rows: all, texts: all.map { data.texts[$0] }) { vectors, context in
        loss(vectors, plan.triplets(vectors.tensor, context), labels: labels, in: context)
      }
    case .triplets(let data):
      let texts =
        rows.map { data.anchors[$0] } + rows.map { data.positives[$0] } + rows.flatMap { data.negatives[$0] }
      let triplets = TripletIndices(count: rows.count, negatives: data.negatives[0].count)
      return TrainingBatch(rows: rows, texts: texts) { loss($0, triplets, in: $1) }
    case .pairs(let first, let second, let targets):
      let texts = rows.map { first[$0] } + rows.map { second[$0] }, targets = rows.map { targets[$0] }
      return TrainingBatch(rows: rows, texts: texts) { loss($0, targets: targets, in: $1) }
    }
  }
}
