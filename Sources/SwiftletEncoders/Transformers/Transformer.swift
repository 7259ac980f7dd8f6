// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletFiles
package import SwiftletTokenizers

/// A model architecture that turns tokens into vectors. Stores no weights; they come from the `Context`.
///
/// Each architecture is one source file with its names in config.json, its parts and their parameters.
package protocol Transformer: Sendable {
  /// The class of the module in sentence-transformers: the last part of `type` in modules.json.
  static var moduleName: String { get }

  /// The sizes that every architecture has.
  var configuration: TransformerConfiguration { get }

  /// The trainable parameters.
  var parameters: ParameterList { get }

  /// The head of a cross-encoder of this architecture; nil for static embeddings, which have none.
  var classificationHead: ClassificationHeadParts? { get }

  /// The pooling that is built into the architecture; nil if it gives a vector for each token.
  var fixedPooling: [PoolingMode]? { get }

  /// Whether a text may have no tokens.
  var acceptsEmptyTexts: Bool { get }

  /// Reads the tokenizer of the model's folder.
  func tokenizer(folder: String) throws -> Tokenizer

  /// Tensors that do not affect vectors but that other programs expect. They are copied to a tuned model folder.
  var companionTensors: [String] { get }

  /// The parameters with their names in the weights files that are read. Files that are written have the parameters' own
  /// names.
  var storedTensors: [NamedParameter] { get }

  /// The config.json to write for weights in float32; nil for none.
  ///
  /// - Parameter original: the config.json that was read.
  func configurationFile(from original: JSONObject) -> JSONObject?

  /// A copy with this dropout probability for hidden states and attention weights.
  ///
  /// - Throws: ``EncoderSettingsError`` if the architecture has no dropout.
  func settingDropout(_ probability: Float) throws(EncoderSettingsError) -> Self

  /// Computes the vectors of tokens, or of texts if pooling is built in.
  ///
  /// - Parameters:
  ///   - rows: the token rows that are needed. The result may contain more.
  ///   - visit: called with the hidden states of the embeddings, then of each layer.
  func callAsFunction(
    _ batch: TokenBatch, reading rows: TokenRows, in context: Context, visit: (Variable) -> Void
  ) -> Features
}

extension Transformer {
  package static var moduleName: String { "Transformer" }
  package var fixedPooling: [PoolingMode]? { nil }
  package var acceptsEmptyTexts: Bool { false }
  package var companionTensors: [String] { [] }

  package func tokenizer(folder: String) throws -> Tokenizer { try Tokenizer(folder: folder) }

  package var storedTensors: [NamedParameter] {
    parameters.parameters.map { NamedParameter(name: $0.name, parameter: $0) }
  }

  package func configurationFile(from original: JSONObject) -> JSONObject? {
    var object = original
    if object["torch_dtype"] != nil { object["torch_dtype"] = .string("float32") }
    object["dtype"] = .string("float32")
    return object
  }
}

/// An architecture that config.json describes. ``Architectures`` lists all.
package protocol ConfiguredTransformer: Transformer {
  /// The values of `model_type` in config.json for this architecture.
  static var modelTypes: [String] { get }

  /// Reads config.json.
  ///
  /// - Throws: `ConfigurationError` with everything that is missing, out of range or not supported.
  init(_ config: inout ConfigurationReader) throws(ConfigurationError)
}

/// The architectures that this package can compute and that config.json describes.
enum Architectures {
  static let all: [any ConfiguredTransformer.Type] = [
    BertModel.self, DistilBertModel.self, ElectraModel.self, MPNetModel.self, RobertaModel.self,
  ]

  /// The architecture of `model_type` in config.json; BERT if the file names no architecture.
  static func architecture(_ config: ConfigurationReader) throws(ConfigurationError) -> any ConfiguredTransformer.Type {
    var config = config
    let type = config.string("model_type")
    try config.finish()
    if let type, let found = all.first(where: { $0.modelTypes.contains { sameBytes($0, type) } }) { return found }
    let name = config["architectures"]?.array?.first?.string
    if type == nil, name?.hasPrefix("Bert") ?? true { return BertModel.self }
    let known = all.flatMap { $0.modelTypes }
    throw ConfigurationError(
      path: config.path,
      problems: [
        .unsupported(
          key: type == nil ? "the architecture" : "model_type", value: type ?? name ?? "", supported: known)
      ],
      remedy: "give a model of one of these architectures")
  }
}

/// The sizes of an encoder's transformer, from its `config.json`.
public struct TransformerConfiguration: Sendable, Equatable {
  /// The architecture (`model_type`), for example "bert".
  public let architecture: String
  /// Rows of the word embeddings (`vocab_size`).
  public let vocabularySize: Int
  /// The dimension of hidden states (`hidden_size`).
  public let hiddenSize: Int
  /// Blocks of attention and feed-forward (`num_hidden_layers`); 0 for static embeddings.
  public let layerCount: Int
  /// The maximum number of tokens of a text.
  public let maxPositions: Int
  /// Rows of the token type embeddings (`type_vocab_size`); 0 for a model without token types.
  public let typeVocabularySize: Int
  /// The id of the padding token as config.json gives it (`pad_token_id`); nil for none. Vectors do not depend on it.
  public let padTokenID: Int?
}
