// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
public import SwiftletEncoders
import SwiftletTensors

extension Trainer {
  /// The sizes of the transformer.
  public var configuration: TransformerConfiguration { encoder.configuration }

  /// The length of a vector.
  public var dimension: Int { encoder.dimension }

  /// The pooling modes. Their vectors are concatenated in this order.
  public var pooling: [PoolingMode] { encoder.pooling }

  /// Whether vectors have unit length.
  public var normalizes: Bool { encoder.normalizes }

  /// The maximum number of tokens of a text in training, including special tokens.
  public var maxLength: Int { settings.maxLength ?? encoder.maxLength }

  /// Loads the encoder for the settings, and its weights.
  static func load(
    _ model: ModelFolder, _ settings: FineTuningSettings, _ kernels: Kernels
  ) throws -> (EncoderPipeline, TrainableWeights) {
    let encoderSettings = EncoderSettings(
      pooling: settings.pooling, normalize: settings.normalize, threadCount: settings.threadCount)
    if model.kind == .crossEncoder, settings.pooling != nil || settings.normalize != nil || settings.encoder != nil {
      throw FineTuningError.invalidSetting(
        name: "pooling, normalization or encoder", value: "given", allowed: "none of them: a cross-encoder has a head")
    }
    // A word average is made of static embeddings.
    let isStatic = model.transformer is StaticEmbeddingModel, kind = FineTuningSettings.EncoderKind.wordAverage
    let held = isStatic ? kind.rawValue : model.transformer.configuration.architecture
    let wanted = settings.encoder?.rawValue ?? held
    if wanted == held {
      let encoder = try EncoderPipeline(model, settings: encoderSettings, dropout: settings.dropout)
      return (encoder, try encoder.trainableWeights(kernels: kernels))
    }
    guard settings.encoder == kind else {
      throw FineTuningError.invalidSetting(
        name: "the encoder", value: wanted, allowed: "\(held), which the model's folder holds, or another folder")
    }
    if settings.dropout != nil { throw EncoderSettingsError.noTransformer(for: "dropout") }
    return try EncoderPipeline.newWordAverage(
      in: model, settings: encoderSettings, kernels: kernels,
      random: RandomStream.generator(seed: settings.seed, purpose: .initialization))
  }
}
