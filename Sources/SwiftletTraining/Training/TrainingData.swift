// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// Texts that batches of one kind are made of, and how they are drawn: what a loss of that batch can learn from.
///
/// ```swift
/// let trainer = try Trainer(model: folder, data: .labeled(texts), loss: BatchHardTripletLoss(margin: 0.3))
/// let other = try Trainer(model: folder, data: .mined(texts, .random, negatives: 2), loss: TripletLoss(margin: 0.3))
/// ```
public struct TrainingData<Batch>: Sendable {
  let dataset: Dataset
  let batches: BatchSettings

  /// Makes a batch of its texts' vectors.
  let batch: @Sendable (BatchVectors) -> Batch

  /// Data that is known to make such batches.
  private init(of dataset: Dataset, _ batches: BatchSettings) {
    guard let data = Self(dataset, batches) else { preconditionFailure("no \(Batch.self) of \(dataset.kind)") }
    self = data
  }

  /// Data whose kind, or whose loss, is known at run time only; nil if no such batch can be made of it.
  init?(_ dataset: Dataset, _ batches: BatchSettings) {
    guard let type = Batch.self as? any TextBatch.Type, type.kinds.contains(dataset.kind) else { return nil }
    self.dataset = dataset
    self.batches = batches
    batch = { vectors in
      guard let batch = type.init(vectors) as? Batch else { preconditionFailure("a batch of another kind") }
      return batch
    }
  }
}

extension TrainingData where Batch == LabeledBatch {
  /// Labeled texts: a batch has some labels with some texts each.
  public static func labeled(_ texts: LabeledTexts, labelsPerBatch: Int = 16, samplesPerLabel: Int = 4) -> Self {
    Self(of: .labeledTexts(texts), BatchSettings(labelsPerBatch: labelsPerBatch, samplesPerLabel: samplesPerLabel))
  }
}

extension TrainingData where Batch == ClassBatch {
  /// Labeled texts for a loss of classes: a linear layer from vectors to the labels is trained along, and not saved.
  public static func labeled(_ texts: LabeledTexts, labelsPerBatch: Int = 16, samplesPerLabel: Int = 4) -> Self {
    Self(of: .labeledTexts(texts), BatchSettings(labelsPerBatch: labelsPerBatch, samplesPerLabel: samplesPerLabel))
  }
}

extension TrainingData where Batch: MinableBatch {
  /// Labeled texts of which triplets are made: each text is an anchor, with a random positive of its label in the batch
  /// and mined negatives of other labels.
  ///
  /// A loss of pairs takes each anchor with its positive, the target being 1, and with each of its negatives, the target
  /// being 0. A batch in which no triplet is found has the loss 0.
  public static func mined(
    _ texts: LabeledTexts, _ mining: Mining = .inBatch, negatives: Int = 1, labelsPerBatch: Int = 16,
    samplesPerLabel: Int = 4
  ) -> Self {
    Self(
      of: .labeledTexts(texts),
      BatchSettings(
        labelsPerBatch: labelsPerBatch, samplesPerLabel: samplesPerLabel, mining: mining, negativesPerAnchor: negatives)
    )
  }

  /// Triplets of texts; a loss of pairs takes each as pairs of the targets 1 and 0.
  public static func triplets(_ triplets: TextTriplets, batchSize: Int = 64) -> Self {
    Self(of: .triplets(triplets), BatchSettings(batchSize: batchSize))
  }
}

extension TrainingData where Batch == PairBatch {
  /// Pairs of texts, with their scores as targets.
  public static func pairs(_ pairs: ScoredPairs, batchSize: Int = 64) -> Self {
    Self(of: .scoredPairs(pairs), BatchSettings(batchSize: batchSize))
  }

  /// Pairs of texts, with 1 as the target where they are alike and 0 where not.
  public static func pairs(_ pairs: LabeledPairs, batchSize: Int = 64) -> Self {
    Self(of: .labeledPairs(pairs), BatchSettings(batchSize: batchSize))
  }
}

/// How batches are drawn from data whose kind is known at run time only. Settings that are of no use to the data are
/// ignored.
public struct BatchSettings: Sendable, Equatable {
  /// P: how many labels a batch of labeled texts has.
  public var labelsPerBatch: Int
  /// K: how many texts of a label it has.
  public var samplesPerLabel: Int
  /// How many rows a batch of triplets or pairs has.
  public var batchSize: Int
  /// Where the negatives of labeled texts come from, for a loss of triplets, pairs or rankings.
  public var mining: Mining
  /// How many negatives are mined for an anchor.
  public var negativesPerAnchor: Int

  /// The settings, with their defaults.
  public init(
    labelsPerBatch: Int = 16, samplesPerLabel: Int = 4, batchSize: Int = 64, mining: Mining = .inBatch,
    negativesPerAnchor: Int = 1
  ) {
    self.labelsPerBatch = labelsPerBatch
    self.samplesPerLabel = samplesPerLabel
    self.batchSize = batchSize
    self.mining = mining
    self.negativesPerAnchor = negativesPerAnchor
  }

  /// - Throws: ``FineTuningError`` for the first setting that makes no sense.
  func check() throws(FineTuningError) {
    let atLeastOne = "a number of at least 1", offline = mining.offlineSettings
    try requireSetting("labels per batch", labelsPerBatch, "a number of at least 2") { $0 >= 2 }
    try requireSetting("samples per label", samplesPerLabel, "a number of at least 2") { $0 >= 2 }
    try requireSetting("the batch size", batchSize, atLeastOne) { $0 >= 1 }
    try requireSetting("the number of negatives", negativesPerAnchor, "a number from 1 to \(1 << 16)") {
      1...1 << 16 ~= $0
    }
    try requireSetting("the interval of mining", offline?.interval, atLeastOne) { $0 >= 1 }
    try requireSetting("the margin of negatives", offline?.margin, "a number of at least 0") { $0 >= 0 && $0.isFinite }
    try requireSetting("the relative margin of negatives", offline?.relativeMargin, "a number from 0 to 1") {
      (0...1).contains($0)
    }
  }
}

/// - Throws: ``FineTuningError`` if there is a value and it is not allowed.
func requireSetting<Value>(
  _ name: String, _ value: Value?, _ allowed: String, _ isAllowed: (Value) -> Bool
) throws(FineTuningError) {
  if let value, !isAllowed(value) { throw .invalidSetting(name: name, value: "\(value)", allowed: allowed) }
}
