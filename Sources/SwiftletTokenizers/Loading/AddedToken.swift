// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A token that is searched for in a text before it is split into words, for example "[SEP]".
public struct AddedToken: Sendable, Equatable {
  /// The text, matched byte by byte.
  public let content: String
  /// The token's id.
  public internal(set) var id: Int32
  /// Whether decoding can skip the token, and encoding can treat it as text.
  public internal(set) var isSpecial: Bool
  /// Whether a match includes the white space before it.
  package let stripsLeft: Bool
  /// Whether a match includes the white space after it.
  package let stripsRight: Bool
  /// Whether it is found only where no letter, digit or mark is beside it. Otherwise it is found inside words too.
  package let isSingleWord: Bool
  /// Whether it is normalized and searched for in the normalized text. Otherwise it is searched for in the raw text, as
  /// special tokens are.
  package let isNormalized: Bool

  /// By default the token is searched for in the raw text, inside words too.
  package init(
    _ content: String, id: Int32, isSpecial: Bool = true, stripsLeft: Bool = false, stripsRight: Bool = false,
    isSingleWord: Bool = false, isNormalized: Bool = false
  ) {
    self.content = content
    self.id = id
    self.isSpecial = isSpecial
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isSingleWord = isSingleWord
    self.isNormalized = isNormalized
  }
}

extension AddedToken {
  /// The id of a token that has none yet.
  static let noID: Int32 = -1

  /// An added token as tokenizer.json and tokenizer_config.json write it.
  ///
  /// - Parameter isSpecial: whether the token is special, whatever the file says.
  init(_ fields: JSONFields, id: Int32, isSpecial: Bool = false) throws(TokenizerError) {
    let content = try fields.required("content", "a string") { (fields, key) throws(TokenizerError) in
      try fields.string(key)
    }
    guard !content.isEmpty else { throw fields.malformed("content", expected: "not empty") }
    let special = try fields.bool("special") ?? false
    let isSpecial = isSpecial || special
    self.init(
      content, id: id, isSpecial: isSpecial, stripsLeft: try fields.bool("lstrip") ?? false,
      stripsRight: try fields.bool("rstrip") ?? false, isSingleWord: try fields.bool("single_word") ?? false,
      isNormalized: try fields.bool("normalized") ?? !isSpecial)
  }
}

/// The tokens that are searched for in whole texts, by id and by content.
struct AddedTokens: Sendable {
  /// The tokens in the order in which they were added.
  let tokens: [AddedToken]
  private let byID: [Int32: AddedToken]
  private let byContent: [UTF8Key: Int32]
  /// One past the highest id.
  let count: Int

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    count = Int(tokens.reduce(-1) { max($0, $1.id) }) + 1
    byID = Dictionary(tokens.map { ($0.id, $0) }) { $1 }
    byContent = Dictionary(tokens.map { (UTF8Key($0.content), $0.id) }) { $1 }
  }

  func id(of content: String) -> Int32? { byContent[UTF8Key(content)] }

  subscript(id: Int32) -> AddedToken? { byID[id] }
}
