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

  /// - Throws: if the transformer pools by itself and other modes are asked for.
  func checkPooling(of transformer: any Transformer) throws(EncoderSettingsError) {
    if let pooling, let fixed = transformer.fixedPooling, pooling != fixed {
      throw .noTransformer(for: "pooling modes")
    }
  }

  /// The pool of the process, or one of the encoder's own with the threads asked for.
  func threadPool() throws(EncoderSettingsError) -> ThreadPool {
    guard let threadCount else { return .shared }
    let allowed = 1...1024
    guard allowed.contains(threadCount) else { throw .threadCount(threadCount, allowed: allowed) }
    return ThreadPool(threadCount: threadCount)
  }

  /// Changes the folder's modules to the pooling and normalisation that are asked for.
  ///
  /// - Returns: how the modules' vectors are cut; nil if they are not.
  func apply(to folder: inout ModelFolder) throws(EncoderSettingsError) -> EncoderPipeline.Truncation? {
    if let pooling {
      guard !pooling.isEmpty else { throw .noPooling }
      folder.modules = folder.modules.map { module in
        guard var pool = module as? PoolingModule else { return module }
        pool.modes = pooling
        return pool
      }
    }
    if normalize == false { folder.modules.removeAll { $0 is NormalizationModule } }
    if let kept = truncateDimension {
      guard 1...folder.dimension ~= kept else { throw .truncateDimension(kept, dimension: folder.dimension) }
      if kept < folder.dimension { return EncoderPipeline.Truncation(dimension: kept, normalizes: normalize == true) }
    }
    if normalize == true && !folder.normalizes { folder.modules.append(NormalizationModule()) }
    return nil
  }
}
