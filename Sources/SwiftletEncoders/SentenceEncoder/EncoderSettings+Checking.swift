// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTokenizers

extension EncoderSettings {
  /// The most tokens of a text: as asked for, else as the folder says, and no more than the model has positions.
  func maximumLength(
    _ folder: ModelFolder, _ tokenizer: Tokenizer, positions: Int, _ warnings: inout [String]
  ) throws(EncoderSettingsError) -> Int {
    guard let wanted = maxLength else {
      let said = folder.maxSequenceLength ?? tokenizer.maxLength ?? positions
      if let length = folder.maxSequenceLength, length > positions {
        warnings.append(
          "sentence_bert_config.json: max_seq_length \(length) is cut to the model's \(positions) positions")
      }
      guard said >= 2 else { throw .maxLength(said, allowed: 2...positions) }
      return min(said, positions)
    }
    guard wanted >= 2, wanted <= positions else { throw .maxLength(wanted, allowed: 2...positions) }
    return wanted
  }

  /// A word average is a mean, whatever one would like.
  func checkPooling(of kind: EncoderKind) throws(EncoderSettingsError) {
    if kind == .wordAverage, let pooling, pooling != [.mean] { throw .noTransformer(for: "pooling modes") }
  }

  /// The pool of the process, or one of the encoder's own with the threads asked for.
  func threadPool() throws(EncoderSettingsError) -> ThreadPool {
    guard let threadCount else { return .shared }
    let allowed = 1...1024
    guard allowed.contains(threadCount) else { throw .threadCount(threadCount, allowed: allowed) }
    return ThreadPool(threadCount: threadCount)
  }

  func finishing(pooledDimension: Int, folderNormalizes: Bool) throws(EncoderSettingsError) -> Finishing {
    guard pooledDimension > 0 else { throw .noPooling }
    if let kept = truncateDimension, kept < 1 || kept > pooledDimension {
      throw .truncateDimension(kept, dimension: pooledDimension)
    }
    let kept = truncateDimension.flatMap { $0 < pooledDimension ? $0 : nil }
    let first = folderNormalizes && normalize != false
    return Finishing(
      pooledDimension: pooledDimension, normalizesFirst: first, keptDimension: kept,
      normalizesLast: normalize == true && !(first && kept == nil))
  }
}
