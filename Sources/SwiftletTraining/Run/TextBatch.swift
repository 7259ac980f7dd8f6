// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
package import SwiftletEncoders

/// The vectors of a batch of texts, with labels, triplets or targets.
package struct BatchVectors {
  let vectors: Variable
  /// How the anchors of a large batch are shared.
  let blocks: AnchorBlocks
  /// The labels of the vectors, or of the anchors with their positives, if any.
  var labels: [Int]?
  /// The triplets of the vectors, if any.
  var triplets: TripletIndices?
  /// The targets of pairs, if any. Either pair i consists of vectors i and i + N, or vector i is the logit of pair i.
  var targets: [Float]?
  /// The numbers of candidates, whose logits the vectors are, if any.
  var candidateCounts: [Int]?
  /// The layer that computes logits, for a loss of classes.
  var classifier: LinearClassifier?

  init(_ vectors: Variable, _ blocks: AnchorBlocks) {
    self.vectors = vectors
    self.blocks = blocks
  }
}

/// A batch that the trainer can create from vectors of texts.
package protocol TextBatch: SendableMetatype {
  /// The kinds of data that the batch can be created from.
  static var kinds: Set<Dataset.Kind> { get }

  /// The kind of model whose output the batch holds.
  static var modelKind: ModelKind { get }

  init(_ vectors: BatchVectors)
}

extension TextBatch {
  package static var modelKind: ModelKind { .sentenceEncoder }
}

/// A batch that can be created from triplets: those of a table, or those mined from labeled texts.
public protocol MinableBatch {}

extension LabeledBatch: TextBatch {
  package static var kinds: Set<Dataset.Kind> { [.labeledTexts] }

  package init(_ batch: BatchVectors) {
    guard let labels = batch.labels else { preconditionFailure("no labels") }
    self.init(vectors: batch.vectors, labels: labels)
    blocks = batch.blocks
  }
}

extension ClassBatch: TextBatch {
  package static var kinds: Set<Dataset.Kind> { [.labeledTexts] }

  package init(_ batch: BatchVectors) {
    guard let labels = batch.labels, let classifier = batch.classifier else { preconditionFailure("no classes") }
    self.init(logits: classifier(batch.vectors), labels: labels)
  }
}

extension TripletBatch: MinableBatch, TextBatch {
  package static var kinds: Set<Dataset.Kind> { [.labeledTexts, .triplets] }

  package init(_ batch: BatchVectors) {
    guard let triplets = batch.triplets else { preconditionFailure("no triplets") }
    self.init(
      anchors: batch.vectors.rows(triplets.anchors), positives: batch.vectors.rows(triplets.positives),
      negatives: batch.vectors.rows(triplets.evenNegatives))
  }
}

extension RankingBatch: MinableBatch, TextBatch {
  package static var kinds: Set<Dataset.Kind> { [.labeledTexts, .triplets, .positivePairs] }

  package init(_ batch: BatchVectors) {
    guard let triplets = batch.triplets else { preconditionFailure("no triplets") }
    self.init(
      anchors: batch.vectors.rows(triplets.anchors), positives: batch.vectors.rows(triplets.positives),
      negatives: triplets.negatives.isEmpty ? nil : batch.vectors.rows(triplets.negatives),
      classes: batch.labels.map { labels in (triplets.anchors + triplets.negatives).map { labels[$0] } })
    blocks = batch.blocks
  }
}

extension PairBatch: MinableBatch, TextBatch {
  package static var kinds: Set<Dataset.Kind> { [.labeledTexts, .triplets, .scoredPairs, .labeledPairs] }

  package init(_ batch: BatchVectors) {
    if let targets = batch.targets {
      let count = targets.count
      self.init(
        first: batch.vectors.rows(0..<count), second: batch.vectors.rows(count..<2 * count), targets: targets)
    } else if let triplets = batch.triplets {
      let repeated = zip(triplets.anchors, triplets.negativeCounts).flatMap { repeatElement($0, count: $1) }
      self.init(
        first: batch.vectors.rows(triplets.anchors + repeated),
        second: batch.vectors.rows(triplets.positives + triplets.negatives),
        targets: triplets.anchors.map { _ in Float(1) } + repeated.map { _ in 0 })
    } else {
      preconditionFailure("no pairs")
    }
  }
}
