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
  /// A size that the file leaves out is that of the architecture's base model, as in the reference. Unsupported variants
  /// (relative positions, decoders, other functions) are an error.
  ///
  /// - Throws: `ConfigurationError` with everything that is out of range or not supported.
  package init(_ config: inout ConfigurationReader, _ keys: BertKeys = BertKeys()) throws(ConfigurationError) {
    func size(_ size: BertKeys.Size, in range: ClosedRange<Int>) -> Int {
      config.integer(size.key, in: range, default: size.default)
    }
    architecture = config.object["model_type"]?.string ?? BertModel.modelTypes[0]
    vocabularySize = size(keys.vocabularySize, in: 1...1 << 24)
    hiddenSize = size(keys.hiddenSize, in: 1...1 << 16)
    embeddingSize = keys.embeddingSize.map { size($0, in: 1...1 << 16) } ?? hiddenSize
    layerCount = size(keys.layerCount, in: 1...1 << 10)
    headCount = size(keys.headCount, in: 1...1 << 16)
    intermediateSize = size(keys.intermediateSize, in: 1...1 << 20)
    padTokenID = config.object["pad_token_id"].map(\.int) ?? keys.padTokenID
    positions =
      switch keys.positionsFollow {
      case nil: .fromZero
      case .fixed(let id): .afterPadding(id)
      case .configured:
        .afterPadding(Int32(config.integer("pad_token_id", in: 0...1 << 16, default: keys.padTokenID)))
      }
    // [CLS] and [SEP] need two.
    positionCount = config.integer("max_position_embeddings", in: positions.first + 2...1 << 20, default: 512)
    typeVocabularySize = keys.typeVocabularySize.map { size($0, in: 1...1 << 16) } ?? 0
    if hiddenSize % headCount != 0 {
      let problem = "\(hiddenSize) is not a multiple of \(keys.headCount.key), \(headCount)"
      config.report(.inconsistent(key: keys.hiddenSize.key, problem: problem))
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
    if config["per_layer_config"] != nil {
      config.report(.unsupported(key: "per_layer_config", value: "an object", supported: ["equal layers"]))
    }
    try config.finish()
  }

  /// The names of the functions in the transformers library.
  private static var activations: KeyValuePairs<String, Activation> {
    [
      "gelu": .gelu, "gelu_python": .gelu, "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh,
      "gelu_fast": .geluTanh, "gelu_accurate": .geluTanh, "gelu_python_tanh": .geluTanh,
      "relu": .relu, "silu": .silu, "swish": .silu, "tanh": .tanh,
    ]
  }
}

/// The keys of an architecture's sizes in config.json, with the sizes of a file that leaves them out. Without changes
/// they are BERT's.
package struct BertKeys: Sendable {
  typealias Size = (key: String, default: Int)

  var vocabularySize: Size = ("vocab_size", 30522)
  var hiddenSize: Size = ("hidden_size", 768)
  var layerCount: Size = ("num_hidden_layers", 12)
  var headCount: Size = ("num_attention_heads", 12)
  var intermediateSize: Size = ("intermediate_size", 3072)
  var activation = "hidden_act"
  var hiddenDropout = "hidden_dropout_prob"
  var attentionDropout = "attention_probs_dropout_prob"
  /// The key of the layer norms' epsilon; nil: it is 1e-12.
  var layerNormEpsilon: String? = "layer_norm_eps"
  /// The key of the number of token types; nil: there are none.
  var typeVocabularySize: Size? = ("type_vocab_size", 2)
  /// The key of E; nil: E is H.
  var embeddingSize: Size?
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
