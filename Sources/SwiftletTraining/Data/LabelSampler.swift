// SPDX-License-Identifier: Apache-2.0

/// Draws batches of P labels with K texts each, so that each text has positives and negatives in its batch.
///
/// Labels are dealt from a shuffled deck of all labels, and the texts of a label from the label's own deck. Each deck
/// is shuffled again when it is empty. A batch has no label and no text twice. A label with fewer than K texts gives
/// all it has.
///
/// Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, 2017 ("PK batches").
package struct LabelSampler: BatchSampler {
  package private(set) var position = 0
  package let batchesPerEpoch: Int

  private let labelsPerBatch: Int
  private let samplesPerLabel: Int
  private var labels: Deck
  private var texts: [Deck]
  private var random: RandomStream

  /// - Parameters:
  ///   - labels: the index of each text's label.
  ///   - labelsPerBatch: P.
  ///   - samplesPerLabel: K.
  /// - Throws: ``SamplerError`` if no batch can have both a positive and a negative.
  package init(labels: [Int], labelsPerBatch: Int, samplesPerLabel: Int, seed: UInt64) throws(SamplerError) {
    guard labelsPerBatch >= 2 else { throw .tooFewLabelsPerBatch(labelsPerBatch) }
    guard samplesPerLabel >= 2 else { throw .tooFewSamplesPerLabel(samplesPerLabel) }
    var texts: [[Int]] = Array(repeating: [], count: (labels.max() ?? -1) + 1)
    for (text, label) in labels.enumerated() { texts[label].append(text) }
    let used = texts.filter { !$0.isEmpty }, trainable = used.count { $0.count > 1 }
    guard trainable >= 2 else { throw .tooFewLabels(used.count, withTwoTexts: trainable) }
    self.labelsPerBatch = labelsPerBatch
    self.samplesPerLabel = samplesPerLabel
    self.labels = Deck(Array(used.indices))
    self.texts = used.map(Deck.init)
    let (textsPerBatch, isHuge) = min(labelsPerBatch, used.count).multipliedReportingOverflow(by: samplesPerLabel)
    batchesPerEpoch = isHuge ? 1 : dividedRoundingUp(labels.count, by: textsPerBatch)
    random = RandomStream(seed: seed, purpose: .sampling)
  }

  package mutating func next() -> [Int] {
    position += 1
    return labels.deal(labelsPerBatch, &random).flatMap { texts[$0].deal(samplesPerLabel, &random) }
  }
}
