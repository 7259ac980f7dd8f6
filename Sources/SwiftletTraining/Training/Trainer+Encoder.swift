// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
public import SwiftletEncoders
import SwiftletTensors

extension Trainer {
  /// What makes the vectors.
  public var encoderKind: EncoderKind { encoder.kind }

  /// The length of a vector.
  public var dimension: Int { encoder.dimension }

  /// How a text's token vectors become one; several modes are concatenated.
  public var pooling: [PoolingMode] { encoder.pooling }

  /// Whether vectors have unit length.
  public var normalizes: Bool { encoder.normalizes }

  /// The most tokens of a text that training reads, special ones included.
  public var maxLength: Int { settings.maxLength ?? encoder.maxLength }

  /// The encoder that the settings ask for, without weights, and these.
  static func load(
    _ model: ModelFolder, _ settings: FineTuningSettings, _ kernels: Kernels
  ) throws -> (SentenceEncoder, TrainableWeights) {
    let encoderSettings = EncoderSettings(
      pooling: settings.pooling.map { modes in PoolingMode.allCases.filter(modes.contains) },
      normalize: settings.normalize, threadCount: settings.threadCount)
    switch (settings.encoder ?? model.kind, model.kind) {
    case (.bert, .wordAverage):
      throw FineTuningError.invalidSetting(
        name: "the encoder", value: "bert",
        allowed: "word-average, which the model's folder holds, or the folder of a BERT")
    case (.wordAverage, .bert):
      if settings.dropout != nil { throw EncoderSettingsError.noTransformer(for: "dropout") }
      return try SentenceEncoder.newWordAverage(
        folder: model.path, settings: encoderSettings, kernels: kernels,
        random: RandomStream.generator(seed: settings.seed, purpose: .initialization))
    case (.bert, .bert), (.wordAverage, .wordAverage):
      return try SentenceEncoder.trainable(
        folder: model.path, settings: encoderSettings, kernels: kernels, dropout: settings.dropout)
    }
  }
}
