// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
package import SwiftletTensors

/// The sizes and constants of a BERT, from its `config.json`.
///
/// Letters of shapes: V vocabulary, P positions, H hidden, I intermediate.
package struct BertConfiguration: Sendable, Equatable {
  /// V: rows of the word embeddings (`vocab_size`).
  package let vocabularySize: Int
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
  /// P: rows of the position embeddings, the maximum number of tokens of a text (`max_position_embeddings`).
  package let maxPositions: Int
  /// Rows of the token type embeddings (`type_vocab_size`).
  package let typeVocabularySize: Int
  /// The id of [PAD] (`pad_token_id`); nil for none. Not used by a BERT: nothing is padded, and positions start at 0.
  package let padTokenID: Int?
  /// The fraction of hidden values that training drops (`hidden_dropout_prob`).
  package var hiddenDropout: Float
  /// The fraction of attention probabilities that training drops (`attention_probs_dropout_prob`).
  package var attentionDropout: Float

  /// Reads and validates `config.json`.
  ///
  /// A size that the file leaves out is bert-base's, as in the reference. Unsupported variants (relative positions,
  /// decoders, other functions) are an error.
  ///
  /// - Throws: `ConfigurationError` with everything that is out of range or not supported.
  package init(_ config: inout ConfigurationReader) throws(ConfigurationError) {
    vocabularySize = config.integer("vocab_size", in: 1...1 << 24, default: 30522)
    hiddenSize = config.integer("hidden_size", in: 1...1 << 16, default: 768)
    layerCount = config.integer("num_hidden_layers", in: 1...1 << 10, default: 12)
    headCount = config.integer("num_attention_heads", in: 1...1 << 16, default: 12)
    intermediateSize = config.integer("intermediate_size", in: 1...1 << 20, default: 3072)
    // [CLS] and [SEP] need two.
    maxPositions = config.integer("max_position_embeddings", in: 2...1 << 20, default: 512)
    typeVocabularySize = config.integer("type_vocab_size", in: 1...1 << 16, default: 2)
    if hiddenSize % headCount != 0 {
      let problem = "\(hiddenSize) is not a multiple of num_attention_heads, \(headCount)"
      config.report(.inconsistent(key: "hidden_size", problem: problem))
    }
    activation = config.choice("hidden_act", of: BertConfiguration.activations, default: .gelu)
    let smallest = Double(Float.leastNormalMagnitude)
    layerNormEpsilon = Float(config.number("layer_norm_eps", in: smallest...1, default: 1e-12))
    padTokenID = config.object["pad_token_id"].map(\.int) ?? 0
    hiddenDropout = Float(config.number("hidden_dropout_prob", in: 0...1, default: 0.1))
    attentionDropout = Float(config.number("attention_probs_dropout_prob", in: 0...1, default: 0.1))
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
