// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

/// What makes vectors of the tokens of texts. It holds no numbers: a ``Context`` brings them.
package enum EncoderModel: Sendable {
  case bert(BertModel)
  case wordAverage(WordAverageModel)

  /// - Parameter dropout: of hidden states and attention weights; nil: the configuration's.
  /// - Throws: `ConfigurationError`; ``EncoderSettingsError`` for dropout where there is none.
  init(folder: ModelFolder, dropout: Float?) throws {
    switch folder.kind {
    case .bert:
      var configuration = try BertConfiguration(folder: folder)
      if let dropout { (configuration.hiddenDropout, configuration.attentionDropout) = (dropout, dropout) }
      self = .bert(BertModel(configuration))
    case .wordAverage:
      if dropout != nil { throw EncoderSettingsError.noTransformer(for: "dropout") }
      self = .wordAverage(try WordAverageModel(folder: folder))
    }
  }

  var parameters: ParameterList {
    switch self {
    case .bert(let model): model.parameters
    case .wordAverage(let model): model.parameters
    }
  }

  /// The rows of the word embeddings.
  var vocabularySize: Int {
    switch self {
    case .bert(let model): model.configuration.vocabularySize
    case .wordAverage(let model): model.vocabularySize
    }
  }

  /// The length of a text's vector by one pooling mode.
  var dimension: Int {
    switch self {
    case .bert(let model): model.configuration.hiddenSize
    case .wordAverage(let model): model.dimension
    }
  }

  /// The most tokens of a text.
  var maxPositions: Int {
    switch self {
    case .bert(let model): model.configuration.maxPositions
    case .wordAverage: 1 << 20
    }
  }
}
