// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
package import SwiftletTensors

/// The sizes and constants of a BERT, or of a model made of BERT's parts, from its `config.json`.
///
/// Letters of shapes: V vocabulary, P positions, E embedding, H hidden, I intermediate. The keys are BERT's;
/// ``BertKeys`` has those of other architectures.
package struct BertConfiguration: Sendable, Equatable {
  /// The value of `model_type`.
  package let architecture: String
  /// V: rows of the word embeddings (`vocab_size`).
  package let vocabularySize: Int
  /// E: the dimension of embeddings. It is H in all architectures but ELECTRA.
  package let embeddingSize: Int
  /// H: the dimension of hidden states (`hidden_size`), a multiple of `headCount`.
  package let hiddenSize: Int
  /// Blocks of attention and feed-forward (`num_hidden_layers`).
  package let layerCount: Int
  /// Attention heads of a block (`num_attention_heads`).
  package let headCount: Int
  /// I: the dimension inside the feed-forward network (`intermediate_size`).
  package let intermediateSize: Int
  /// The feed-forward network's function (`hidden_act`).
  package let activation: Activation
  /// Added to the variance in layer norms (`layer_norm_eps`).
  package let layerNormEpsilon: Float
  /// P: rows of the position embeddings (`max_position_embeddings`).
  package let positionCount: Int
  /// Rows of the token type embeddings (`type_vocab_size`); 0 for none.
  package let typeVocabularySize: Int
  /// The id of the padding token (`pad_token_id`); nil for none. Nothing is padded, but positions may start after it.
  package let padTokenID: Int?
  /// How positions are counted.
  package let positions: PositionNumbering
  /// The fraction of hidden values that training drops (`hidden_dropout_prob`).
  package var hiddenDropout: Float
  /// The fraction of attention probabilities that training drops (`attention_probs_dropout_prob`).
  package var attentionDropout: Float

  /// The maximum number of tokens of a text.
  package var maxPositions: Int { positionCount - positions.first }

  /// Reads and validates `config.json`.
  ///
  /// Sizes have no defaults and must be in the file. Unsupported variants (relative positions, decoders, other
  /// functions) are an error.
  ///
  /// - Throws: `ConfigurationError` with everything that is missing, out of range or not supported.
  package init(_ config: inout ConfigurationReader, _ keys: BertKeys = BertKeys()) throws(ConfigurationError) {
    architecture = config.object["model_type"]?.string ?? BertModel.modelTypes[0]
    vocabularySize = config.integer("vocab_size", in: 1...1 << 24)
    hiddenSize = config.integer(keys.hiddenSize, in: 1...1 << 16)
    embeddingSize =
      keys.embeddingSize.map { config.integer($0.key, in: 1...1 << 16, default: $0.default) } ?? hiddenSize
    layerCount = config.integer(keys.layerCount, in: 1...1 << 10)
    headCount = config.integer(keys.headCount, in: 1...1 << 16)
    intermediateSize = config.integer(keys.intermediateSize, in: 1...1 << 20)
    padTokenID = config.object["pad_token_id"].map(\.int) ?? keys.padTokenID
    positions =
      switch keys.positionsFollow {
      case nil: .fromZero
      case .fixed(let id): .afterPadding(id)
      case .configured:
        .afterPadding(Int32(config.integer("pad_token_id", in: 0...1 << 16, default: keys.padTokenID)))
      }
    // [CLS] and [SEP] need two.
    positionCount = config.integer("max_position_embeddings", in: positions.first + 2...1 << 20)
    typeVocabularySize = keys.typeVocabularySize.map { config.integer($0, in: 1...1 << 16) } ?? 0
    if hiddenSize % headCount != 0 {
      let problem = "\(hiddenSize) is not a multiple of \(keys.headCount), \(headCount)"
      config.report(.inconsistent(key: keys.hiddenSize, problem: problem))
    }
    activation = config.choice(keys.activation, of: BertConfiguration.activations, default: .gelu)
    let smallest = Double(Float.leastNormalMagnitude)
    layerNormEpsilon = Float(
      keys.layerNormEpsilon.map { config.number($0, in: smallest...1, default: 1e-12) } ?? 1e-12)
    hiddenDropout = Float(config.number(keys.hiddenDropout, in: 0...1, default: 0.1))
    attentionDropout = Float(config.number(keys.attentionDropout, in: 0...1, default: 0.1))
    config.expect("position_embedding_type", "absolute")
    for key in ["is_decoder", "add_cross_attention"] where config.bool(key, default: false) {
      config.report(.unsupported(key: key, value: "true", supported: ["false"]))
    }
    try config.finish()
  }

  /// The names of the functions in the transformers library.
  private static var activations: KeyValuePairs<String, Activation> {
    [
      "gelu": .gelu, "gelu_python": .gelu, "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh,
      "gelu_fast": .geluTanh, "relu": .relu, "silu": .silu, "swish": .silu, "tanh": .tanh,
    ]
  }
}

/// The keys of an architecture's sizes in config.json. The defaults are BERT's.
package struct BertKeys: Sendable {
  var hiddenSize = "hidden_size"
  var layerCount = "num_hidden_layers"
  var headCount = "num_attention_heads"
  var intermediateSize = "intermediate_size"
  var activation = "hidden_act"
  var hiddenDropout = "hidden_dropout_prob"
  var attentionDropout = "attention_probs_dropout_prob"
  /// nil: the epsilon is 1e-12.
  var layerNormEpsilon: String? = "layer_norm_eps"
  /// nil: there are no token types.
  var typeVocabularySize: String? = "type_vocab_size"
  /// The key of E and its value if it is absent; nil: E is H.
  var embeddingSize: (key: String, default: Int)?
  /// The id of the padding token if config.json has none.
  var padTokenID = 0
  /// Which id positions are counted after; nil: they start at 0.
  var positionsFollow: PaddingID?

  package init() {}

  /// A padding id that positions are counted after.
  enum PaddingID: Sendable {
    /// That of config.json.
    case configured
    /// A constant of the architecture.
    case fixed(Int32)
  }
}

/// How a model counts the positions of a text's tokens.
package enum PositionNumbering: Sendable, Equatable {
  /// 0, 1, 2, …
  case fromZero
  /// From the padding token's id + 1, as in RoBERTa. A padding token in the text counts for nothing and has the
  /// position of its id.
  case afterPadding(Int32)

  /// The position of a text's first token.
  var first: Int {
    switch self {
    case .fromZero: 0
    case .afterPadding(let id): Int(id) + 1
    }
  }
}
