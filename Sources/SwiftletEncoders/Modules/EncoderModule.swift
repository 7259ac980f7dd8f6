// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff

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

  /// Reads the module's folder.
  ///
  /// - Parameters:
  ///   - inputs: the length of the module's input vectors.
  ///   - scope: names the module's parameters.
  /// - Throws: `FileError`, `JSONError` or `ConfigurationError`; each names the file.
  init(folder: String, inputs: Int, scope: ParameterScope) throws

  /// Writes the files that ``init(folder:inputs:scope:)`` reads to an existing folder.
  func write(to folder: String) throws

  /// Which token rows of a text the module reads, if it pools.
  var tokenRows: TokenRows { get }

  /// The length of the output vectors for input vectors of length `inputs`.
  func dimension(of inputs: Int) -> Int

  /// Computes the module's vectors.
  func callAsFunction(_ features: Features, in context: Context) -> Features
}

extension EncoderModule {
  package static var poolsTokens: Bool { false }
  package var tokenRows: TokenRows { .all }
}

/// The modules that this package can compute, besides the transformer.
enum ModuleRegistry {
  static let all: [any EncoderModule.Type] = [PoolingModule.self, NormalizationModule.self]

  /// The module with this ``EncoderModule/typeName``; nil if there is none.
  static func kind(named name: some StringProtocol) -> (any EncoderModule.Type)? { all.first { $0.typeName == name } }
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

  /// The number of leading tokens of each text that belong to a prompt and are left out of pooling.
  package var skippedTokens = 0
}
