// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTokenizers

extension EncoderSettings {
  /// The maximum number of tokens of a text: the setting or else the folder's value, limited to the model's positions.
  func maximumLength(
    _ folder: ModelFolder, _ tokenizer: Tokenizer, _ allowed: ClosedRange<Int>, _ warnings: inout [String]
  ) throws(EncoderSettingsError) -> Int {
    let positions = allowed.upperBound
    guard let wanted = maxLength else {
      let said = folder.maxSequenceLength ?? tokenizer.maxLength ?? positions
      if let length = folder.maxSequenceLength, length > positions {
        warnings.append(
          "sentence_bert_config.json: max_seq_length \(length) is cut to the model's \(positions) positions")
      }
      guard said >= allowed.lowerBound else { throw .maxLength(said, allowed: allowed) }
      return min(said, positions)
    }
    guard allowed.contains(wanted) else { throw .maxLength(wanted, allowed: allowed) }
    return wanted
  }

  /// - Throws: if the transformer pools by itself and the settings ask for other modes.
  func checkPooling(of transformer: any Transformer) throws(EncoderSettingsError) {
    if let pooling, let fixed = transformer.fixedPooling, pooling != fixed {
      throw .noTransformer(for: "pooling modes")
    }
  }

  /// The shared pool of the process, or a new pool if the settings give a number of threads.
  func threadPool() throws(EncoderSettingsError) -> ThreadPool {
    guard let threadCount else { return .shared }
    let allowed = 1...1024
    guard allowed.contains(threadCount) else { throw .threadCount(threadCount, allowed: allowed) }
    return ThreadPool(threadCount: threadCount)
  }

  /// Changes the folder's modules to the pooling and normalization of the settings.
  ///
  /// - Returns: how vectors are shortened; nil if they are not.
  func apply(to folder: inout ModelFolder) throws(EncoderSettingsError) -> EncoderPipeline.Shortening? {
    if let pooling {
      guard !pooling.isEmpty else { throw .noPooling }
      folder.modules = folder.modules.map { module in
        guard var pool = module as? PoolingModule else { return module }
        pool.modes = pooling
        return pool
      }
      var dimension = folder.transformer.configuration.hiddenSize
      for module in folder.modules {
        if let inputs = module.inputs, inputs != dimension {
          throw .poolingDimension(dimension, module: type(of: module).typeName, inputs: inputs)
        }
        dimension = module.dimension(of: dimension)
      }
    }
    // A normalization before other modules is part of the model.
    if normalize == false { while folder.normalizes { folder.modules.removeLast() } }
    if let kept = truncateDimension, !(1...folder.dimension ~= kept) {
      throw .truncateDimension(kept, dimension: folder.dimension)
    }
    if let kept = truncateDimension ?? folder.truncateDimension, kept < folder.dimension {
      return EncoderPipeline.Shortening(
        dimension: kept, normalizes: normalize == true, isOfFolder: truncateDimension == nil)
    }
    if normalize == true && !folder.normalizes { folder.modules.append(NormalizationModule()) }
    return nil
  }
}
