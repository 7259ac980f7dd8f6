// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
package import SwiftletEncoders
import SwiftletTensors

/// A batch of texts with the loss of their vectors, or of pairs with the loss of their logits.
struct TrainingBatch {
  /// The rows of the data set with these texts.
  let rows: [Int]
  let inputs: [EncoderInput]
  let loss: (BatchVectors) -> LossValue

  init(rows: [Int], texts: [String], loss: @escaping (BatchVectors) -> LossValue) {
    self.init(rows: rows, inputs: texts.map { EncoderInput($0) }, loss: loss)
  }

  init(rows: [Int], inputs: [EncoderInput], loss: @escaping (BatchVectors) -> LossValue) {
    self.rows = rows
    self.inputs = inputs
    self.loss = loss
  }
}

/// A loss and its data, for any type of batch.
package struct TrainingTask: Sendable {
  package let loss: any Loss
  let dataset: Dataset
  let batches: BatchSettings
  /// Whether triplets are mined from labeled texts.
  let isMined: Bool
  /// Whether a linear layer computes logits of the vectors.
  let needsClassifier: Bool
  /// The kind of model that the loss trains.
  package let modelKind: ModelKind
  let evaluate: @Sendable (BatchVectors) -> LossValue

  package init<L: Loss>(_ data: TrainingData<L.Batch>, _ loss: L) {
    self.loss = loss
    dataset = data.dataset
    batches = data.batches
    isMined = data.dataset.kind == .labeledTexts && L.Batch.self is any MinableBatch.Type
    needsClassifier = L.Batch.self == ClassBatch.self
    modelKind = (L.Batch.self as? any TextBatch.Type)?.modelKind ?? .sentenceEncoder
    evaluate = { vectors in
      // No triplets were found.
      if vectors.triplets?.anchors.isEmpty == true { return LossValue(vectors.vectors.rows(0..<0).sum()) }
      return loss(data.batch(vectors))
    }
  }
}

/// Draws the batches of a data set, each with its loss.
struct BatchSource {
  private let task: TrainingTask
  private let classifier: LinearClassifier?
  private var miner: TripletMiner?
  private var sampler: any BatchSampler
  private let seed: UInt64

  /// - Throws: ``SamplerError`` if no batch can be formed.
  init(_ task: TrainingTask, _ classifier: LinearClassifier?, seed: UInt64) throws(SamplerError) {
    self.task = task
    self.classifier = classifier
    self.seed = seed
    let batches = task.batches
    if case .labeledTexts(let data) = task.dataset {
      sampler = try LabelSampler(
        labels: data.labels, labelsPerBatch: batches.labelsPerBatch, samplesPerLabel: batches.samplesPerLabel,
        seed: seed)
      if task.isMined {
        miner = TripletMiner(
          labels: data.labels, mining: batches.mining, negativesPerAnchor: batches.negativesPerAnchor, seed: seed)
      }
    } else {
      if case .positivePairs(let data) = task.dataset {
        guard batches.batchSize >= 2 else { throw .tooFewPairsPerBatch(batches.batchSize) }
        if let text = data.textOfAllRows { throw .noNegatives(sharedText: text) }
      }
      sampler = RowSampler(count: task.dataset.count, batchSize: batches.batchSize, seed: seed)
    }
  }

  /// The number of batches of one pass over the data.
  var batchesPerEpoch: Int { sampler.batchesPerEpoch }

  /// Continues as if `position` batches had been drawn.
  mutating func advance(to position: Int) { sampler.advance(to: position) }

  /// The texts and settings of offline mining; nil if there is none.
  var offlineMining: (texts: LabeledTexts, settings: Mining.OfflineSettings, negativesPerAnchor: Int)? {
    guard let miner, case .offline(let settings) = miner.mining, case .labeledTexts(let texts) = task.dataset else {
      return nil
    }
    return (texts, settings, task.batches.negativesPerAnchor)
  }

  /// The hard negatives found by offline mining; nil before it.
  var hardNegatives: HardNegatives? {
    get { miner?.hardNegatives }
    set { miner?.hardNegatives = newValue }
  }

  mutating func next() -> TrainingBatch {
    let number = sampler.position, rows = sampler.next(), evaluate = task.evaluate, classifier = classifier
    if task.modelKind == .crossEncoder {
      return task.dataset.pairs(of: rows, evaluate, seed: seed, batchNumber: number)
    }
    switch task.dataset {
    case .labeledTexts(let data):
      let plan = miner?.plan(rows, batchNumber: number), all = rows + (plan?.extraRows ?? [])
      let labels = all.map { data.labels[$0] }
      return TrainingBatch(rows: all, texts: all.map { data.texts[$0] }) { batch in
        var batch = batch
        batch.labels = labels
        batch.classifier = classifier
        batch.triplets = plan?.triplets(batch.vectors, batch.blocks)
        return evaluate(batch)
      }
    case .triplets(let data):
      let texts =
        rows.map { data.anchors[$0] } + rows.map { data.positives[$0] } + rows.flatMap { data.negatives[$0] }
      let triplets = TripletIndices(negativeCounts: rows.map { data.negatives[$0].count })
      return TrainingBatch(rows: rows, texts: texts) { batch in
        var batch = batch
        batch.triplets = triplets
        return evaluate(batch)
      }
    case .positivePairs(let data):
      let triplets = TripletIndices(negativeCounts: rows.map { _ in 0 }), classes = data.classes(of: rows)
      let texts = rows.map { data.anchors[$0] } + rows.map { data.positives[$0] }
      return TrainingBatch(rows: rows, texts: texts) { batch in
        var batch = batch
        batch.triplets = triplets
        batch.labels = classes
        return evaluate(batch)
      }
    case .scoredPairs(let data):
      return pairs(rows, data.first, data.second) { Float(data.scores[$0]) }
    case .labeledPairs(let data):
      return pairs(rows, data.first, data.second) { data.areAlike[$0] ? 1 : 0 }
    }
  }

  private func pairs(
    _ rows: [Int], _ first: [String], _ second: [String], target: (_ row: Int) -> Float
  ) -> TrainingBatch {
    let targets = rows.map(target), evaluate = task.evaluate
    return TrainingBatch(rows: rows, texts: rows.map { first[$0] } + rows.map { second[$0] }) { batch in
      var batch = batch
      batch.targets = targets
      return evaluate(batch)
    }
  }
}
