// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletFiles
package import SwiftletTokenizers

/// A model architecture: it makes vectors of tokens. Stores no weights; they come from the `Context`.
///
/// An architecture is one file: the names by which folders know it, its parts and their parameters. ``Architectures``
/// lists all.
package protocol Transformer: Sendable {
  /// The values of `model_type` in config.json that mean this architecture.
  static var modelTypes: [String] { get }

  /// Whether a folder lists the modules behind the transformer in modules.json; if not, they follow from config.json.
  static var listsModules: Bool { get }

  /// Reads config.json.
  ///
  /// - Throws: `ConfigurationError` with everything that is missing, out of range or not supported.
  init(_ config: inout ConfigurationReader) throws(ConfigurationError)

  /// The sizes that every architecture has.
  var configuration: TransformerConfiguration { get }

  /// What the transformer learns.
  var parameters: ParameterList { get }

  /// The pooling that the architecture does by itself; nil if it makes a vector for each token.
  var fixedPooling: [PoolingMode]? { get }

  /// Tensors of a checkpoint that the vectors do not need but other programs expect: a tuned folder keeps them.
  var companionTensors: [String] { get }

  /// The modules of a folder that has no modules.json.
  func defaultModules(_ config: ConfigurationReader) -> [any EncoderModule]

  /// The config.json of a folder with weights in float32.
  ///
  /// - Parameters:
  ///   - original: the config.json of the folder that the encoder comes from.
  ///   - modules: those behind the transformer.
  func configurationFile(from original: JSONObject, followedBy modules: [any EncoderModule]) -> JSONObject

  /// The same architecture with another probability of dropout, of hidden states and attention weights.
  ///
  /// - Throws: ``EncoderSettingsError`` if it has no dropout.
  func settingDropout(_ probability: Float) throws(EncoderSettingsError) -> Self

  /// The vectors of the tokens of some texts, or of the texts if the architecture pools by itself.
  ///
  /// - Parameters:
  ///   - rows: the rows of each text's tokens that are wanted. Others may be there or not.
  ///   - visit: called with the hidden states of the embeddings and then of each layer.
  func callAsFunction(
    _ batch: TokenBatch, reading rows: TokenRows, in context: Context, visit: (Variable) -> Void
  ) -> Features
}

extension Transformer {
  package static var listsModules: Bool { true }
  package var fixedPooling: [PoolingMode]? { nil }
  package var companionTensors: [String] { [] }

  package func defaultModules(_ config: ConfigurationReader) -> [any EncoderModule] {
    [PoolingModule(modes: [.cls], inputs: configuration.hiddenSize)]
  }

  package func configurationFile(from original: JSONObject, followedBy modules: [any EncoderModule]) -> JSONObject {
    var object = original
    if object["torch_dtype"] != nil { object["torch_dtype"] = .string("float32") }
    object["dtype"] = .string("float32")
    return object
  }
}

/// The architectures that this package computes.
enum Architectures {
  static let all: [any Transformer.Type] = [BertModel.self, WordAverageModel.self]

  /// The architecture that `model_type` names; BERT if config.json does not name one.
  static func architecture(_ config: ConfigurationReader) throws(ConfigurationError) -> any Transformer.Type {
    var config = config
    let type = config.string("model_type")
    try config.finish()
    guard let type else { return BertModel.self }
    if let found = all.first(where: { $0.modelTypes.contains { sameBytes($0, type) } }) { return found }
    let known = all.flatMap { $0.modelTypes }
    throw ConfigurationError(
      path: config.path, problems: [.unsupported(key: "model_type", value: type, supported: known)])
  }
}

/// The sizes of an encoder's transformer, as its `config.json` has them.
public struct TransformerConfiguration: Sendable, Equatable {
  /// The architecture (`model_type`), as "bert".
  public let architecture: String
  /// Rows of the word embeddings (`vocab_size`).
  public let vocabularySize: Int
  /// The dimension of hidden states (`hidden_size`).
  public let hiddenSize: Int
  /// Blocks of attention and feed-forward (`num_hidden_layers`); 0 for a word average.
  public let layerCount: Int
  /// The most tokens of a text.
  public let maxPositions: Int
  /// Rows of the token type embeddings (`type_vocab_size`); a pair of texts needs 2.
  public let typeVocabularySize: Int
  /// The id of the padding token as config.json gives it (`pad_token_id`); nil for none. No vector depends on it.
  public let padTokenID: Int?
}
