// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles

/// One step between the transformer and a text's final vector, for example pooling. Stores no weights; they come from
/// the `Context`.
///
/// Each module is one source file with everything about it: how it reads and writes its folder, which token rows it
/// reads, what it computes and learns. ``ModuleRegistry`` lists all modules.
package protocol EncoderModule: Sendable {
  /// The name of the class in sentence-transformers: the last part of `type` in modules.json.
  static var typeName: String { get }

  /// Whether the module combines a text's token vectors into one vector. Exactly one module does, and it comes first.
  static var poolsTokens: Bool { get }

  /// Reads the module's folder, except for the weights.
  ///
  /// - Parameters:
  ///   - place: the module's place in modules.json. The transformer has 0.
  ///   - inputs: the length of the module's input vectors.
  ///   - scope: names the module's parameters.
  /// - Throws: `FileError`, `JSONError` or `ConfigurationError`; each names the file.
  init(folder: String, place: Int, inputs: Int, scope: ParameterScope) throws

  /// Writes the files that ``init(folder:place:inputs:scope:)`` reads to an existing folder.
  func write(to folder: String) throws

  /// The parameters with their names in the weights file of the module's folder.
  var tensors: [NamedParameter] { get }

  /// Which token rows of a text the module reads, if it pools.
  var tokenRows: TokenRows { get }

  /// The length that input vectors must have; nil for any.
  var inputs: Int? { get }

  /// The length of the output vectors for input vectors of length `inputs`.
  func dimension(of inputs: Int) -> Int

  /// The configuration on one line. A run of training can only be resumed with the same.
  var summary: String { get }

  /// Computes the module's vectors.
  func callAsFunction(_ features: Features, in context: Context) -> Features
}

extension EncoderModule {
  package static var poolsTokens: Bool { false }
  package var tensors: [NamedParameter] { [] }
  package var inputs: Int? { nil }
  package var summary: String { Self.typeName }
  package var tokenRows: TokenRows { .all }
}

/// A parameter and its name in a weights file.
package struct NamedParameter: Sendable {
  package let name: String
  package let parameter: Parameter

  package init(name: String, parameter: Parameter) {
    self.name = name
    self.parameter = parameter
  }
}

/// The modules that this package can compute, besides the transformer.
enum ModuleRegistry {
  static let all: [any EncoderModule.Type] = [
    PoolingModule.self, NormalizationModule.self, DenseModule.self, LayerNormModule.self, DropoutModule.self,
  ]

  /// The module with this ``EncoderModule/typeName``; nil if there is none.
  static func kind(named name: some StringProtocol) -> (any EncoderModule.Type)? { all.first { $0.typeName == name } }
}

extension ConfigurationReader {
  /// Reports a size that is not the length of a module's input vectors.
  mutating func expectSize(_ key: String, _ inputs: Int) {
    _ = integer(key, in: 1...1 << 20)
    if let size = self[key]?.int, size != inputs {
      report(.inconsistent(key: key, problem: "is \(size), but the vectors have \(inputs)"))
    }
  }
}

/// The token rows of a text that its vector depends on.
package enum TokenRows: Sendable {
  /// The rows of all tokens.
  case all
  /// Only the first token's row.
  case first
  /// Only the last token's row.
  case last
}

/// The data passed from module to module: vectors, and the rows that belong to each text.
package struct Features {
  /// `[rows, dimension]`
  package var vectors: Variable

  /// The rows of each text: one row for each token before pooling, one row for each text after it.
  package var rows: [Range<Int>]

  /// How many leading tokens of each text belong to a prompt and are left out of pooling; nil: none, or there
  /// are vectors of texts already.
  package var skippedTokens: [Int]?

  /// The same texts with other vectors.
  func replacingVectors(_ vectors: Variable) -> Features {
    var features = self
    features.vectors = vectors
    return features
  }
}
