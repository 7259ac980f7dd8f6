// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// Training data for losses of one type of batch: texts, and how batches are drawn from them.
///
/// ```swift
/// let trainer = try Trainer(model: folder, data: .labeled(texts), loss: BatchHardTripletLoss(margin: 0.3))
/// let other = try Trainer(model: folder, data: .mined(texts, .random, negatives: 2), loss: TripletLoss(margin: 0.3))
/// ```
public struct TrainingData<Batch>: Sendable {
  let dataset: Dataset
  let batches: BatchSettings

  /// Creates a batch from the vectors of its texts.
  let batch: @Sendable (BatchVectors) -> Batch

  /// Creates data of a kind that is known to fit the batch.
  private init(of dataset: Dataset, _ batches: BatchSettings) {
    guard let data = Self(dataset, batches) else { preconditionFailure("no \(Batch.self) of \(dataset.kind)") }
    self = data
  }

  /// Creates data of any kind; nil if it does not fit the batch.
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
  /// Labeled texts. A batch has `labelsPerBatch` labels with `samplesPerLabel` texts each.
  public static func labeled(_ texts: LabeledTexts, labelsPerBatch: Int = 16, samplesPerLabel: Int = 4) -> Self {
    Self(of: .labeledTexts(texts), BatchSettings(labelsPerBatch: labelsPerBatch, samplesPerLabel: samplesPerLabel))
  }
}

extension TrainingData where Batch == ClassBatch {
  /// Labeled texts for a loss of classes. A linear layer from vectors to labels is trained with the encoder, and not
  /// saved.
  public static func labeled(_ texts: LabeledTexts, labelsPerBatch: Int = 16, samplesPerLabel: Int = 4) -> Self {
    Self(of: .labeledTexts(texts), BatchSettings(labelsPerBatch: labelsPerBatch, samplesPerLabel: samplesPerLabel))
  }
}

extension TrainingData where Batch: MinableBatch {
  /// Labeled texts from which triplets are formed. Each text is an anchor, with a random positive of its label in the
  /// batch and mined negatives of other labels.
  ///
  /// For a loss of pairs, each anchor forms a pair of the target 1 with its positive, and pairs of the target 0 with
  /// its negatives. A batch without triplets has the loss 0.
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

  /// Triplets of texts. For a loss of pairs, each triplet forms pairs with the targets 1 and 0.
  ///
  /// For a loss of triplets, anchors with fewer negatives than others of the batch repeat theirs. For a loss of rankings,
  /// the positives and negatives of all other rows are negatives too, also those of rows with the same anchor.
  public static func triplets(_ triplets: TextTriplets, batchSize: Int = 64) -> Self {
    Self(of: .triplets(triplets), BatchSettings(batchSize: batchSize))
  }
}

extension TrainingData where Batch == RankingBatch {
  /// Pairs of texts that belong together, for example questions and answers. The negatives of an anchor are the positives
  /// of the other rows of the batch, so large batches teach more.
  ///
  /// Rows that share a text are not negatives of each other. Batches without a shared text give the loss and the gradient
  /// of sentence-transformers' `MultipleNegativesRankingLoss`, which knows no exceptions.
  public static func pairs(_ pairs: PositivePairs, batchSize: Int = 64) -> Self {
    Self(of: .positivePairs(pairs), BatchSettings(batchSize: batchSize))
  }
}

extension TrainingData where Batch == PairBatch {
  /// Pairs of texts with their scores as targets.
  public static func pairs(_ pairs: ScoredPairs, batchSize: Int = 64) -> Self {
    Self(of: .scoredPairs(pairs), BatchSettings(batchSize: batchSize))
  }

  /// Pairs of texts with the target 1 if they are similar, else 0.
  public static func pairs(_ pairs: LabeledPairs, batchSize: Int = 64) -> Self {
    Self(of: .labeledPairs(pairs), BatchSettings(batchSize: batchSize))
  }
}

extension TrainingData where Batch == ScoredBatch {
  /// Pairs of texts with their scores, from 0 to 1, as a cross-encoder's targets.
  public static func pairs(_ pairs: ScoredPairs, batchSize: Int = 64) -> Self {
    Self(of: .scoredPairs(pairs), BatchSettings(batchSize: batchSize))
  }

  /// Pairs of texts with a cross-encoder's target 1 if they go together, else 0.
  public static func pairs(_ pairs: LabeledPairs, batchSize: Int = 64) -> Self {
    Self(of: .labeledPairs(pairs), BatchSettings(batchSize: batchSize))
  }
}

extension TrainingData where Batch == CandidateBatch {
  /// Queries with a positive and negatives each, which a cross-encoder ranks.
  public static func triplets(_ triplets: TextTriplets, batchSize: Int = 64) -> Self {
    Self(of: .triplets(triplets), BatchSettings(batchSize: batchSize))
  }

  /// Queries with a positive each. Their negatives are four random positives of the batch that share no text with them.
  public static func pairs(_ pairs: PositivePairs, batchSize: Int = 64) -> Self {
    Self(of: .positivePairs(pairs), BatchSettings(batchSize: batchSize))
  }
}

/// Settings of drawing batches, for all kinds of data. Settings that do not apply to the data are ignored.
public struct BatchSettings: Sendable, Equatable {
  /// P: the number of labels in a batch of labeled texts.
  public var labelsPerBatch: Int
  /// K: the number of texts of each label in a batch.
  public var samplesPerLabel: Int
  /// The number of rows in a batch of triplets or pairs.
  public var batchSize: Int
  /// How negatives of labeled texts are found, for a loss of triplets, pairs or rankings.
  public var mining: Mining
  /// The number of negatives mined for each anchor.
  public var negativesPerAnchor: Int

  /// Creates settings with the given values and defaults.
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

  /// - Throws: ``FineTuningError`` for the first setting that is out of range.
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

/// - Throws: ``FineTuningError`` if the value is not nil and not allowed.
func requireSetting<Value>(
  _ name: String, _ value: Value?, _ allowed: String, _ isAllowed: (Value) -> Bool
) throws(FineTuningError) {
  if let value, !isAllowed(value) { throw .invalidSetting(name: name, value: "\(value)", allowed: allowed) }
}
