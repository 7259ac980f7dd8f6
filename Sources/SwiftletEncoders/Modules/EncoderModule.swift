// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff

/// One step between the transformer and a text's finished vector, as pooling. Stores no weights; they come from the
/// `Context`.
///
/// A module is one file: how it reads and writes its folder, which token rows it reads, what it computes, and what it
/// learns. ``ModuleRegistry`` lists all kinds.
package protocol EncoderModule: Sendable {
  /// The name of the class in sentence-transformers, the last word of `type` in modules.json.
  static var typeName: String { get }

  /// Whether the module makes one vector of a text's token vectors. One module does, right behind the transformer.
  static var poolsTokens: Bool { get }

  /// Reads the module's folder.
  ///
  /// - Parameters:
  ///   - inputs: the length of the vectors that the module is given.
  ///   - scope: names what the module learns.
  /// - Throws: `FileError`, `JSONError` or `ConfigurationError`; each names the file.
  init(folder: String, inputs: Int, scope: ParameterScope) throws

  /// Writes the files that ``init(folder:inputs:scope:)`` reads, to a folder that is there.
  func write(to folder: String) throws

  /// The rows of a text's tokens that the module reads, if it pools them.
  var tokenRows: TokenRows { get }

  /// The length of the vectors that the module makes of vectors of length `inputs`.
  func dimension(of inputs: Int) -> Int

  /// The module's vectors.
  func callAsFunction(_ features: Features, in context: Context) -> Features
}

extension EncoderModule {
  package static var poolsTokens: Bool { false }
  package var tokenRows: TokenRows { .all }
}

/// The kinds of modules that this package computes, besides the transformer.
enum ModuleRegistry {
  static let all: [any EncoderModule.Type] = [PoolingModule.self, NormalizationModule.self]

  /// The kind of this ``EncoderModule/typeName``; nil if there is none.
  static func kind(named name: some StringProtocol) -> (any EncoderModule.Type)? { all.first { $0.typeName == name } }
}

/// The rows of a text's tokens from which its vector is made.
package enum TokenRows: Sendable {
  /// Every token's.
  case all
  /// The first token's alone.
  case first
  /// The last token's alone.
  case last
}

/// What goes from module to module: vectors, and which of them belong to which text.
package struct Features {
  /// `[rows, dimension]`
  package var vectors: Variable

  /// The rows of each text: one a token until they are pooled, then one a text.
  package var rows: [Range<Int>]

  /// How many of each text's first tokens are a prompt's that pooling leaves out.
  package var skippedTokens = 0
}
