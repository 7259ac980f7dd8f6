// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A token that is looked for in a text before it is split into words, as "[SEP]".
public struct AddedToken: Sendable, Equatable {
  /// The text, matched byte by byte.
  public var content: String
  /// Its id.
  public var id: Int32
  /// Whether decoding can skip it, and encoding treat it as text.
  public var isSpecial: Bool
  /// Whether it takes in the white space before it.
  public var stripsLeft: Bool
  /// Whether it takes in the white space after it.
  public var stripsRight: Bool
  /// Whether it is found only where no letter, digit or mark is beside it; else inside words too.
  public var isSingleWord: Bool
  /// Whether it is looked for in the normalised text, normalised itself; else in the raw text, as special
  /// tokens are.
  public var isNormalized: Bool

  /// A token looked for in the raw text, inside words too, unless said otherwise.
  public init(
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
  /// An added token as tokenizer.json and tokenizer_config.json write it.
  init(_ fields: JSONFields, id: Int32) throws(TokenizerError) {
    let content = try fields.required("content", "a string") { (fields, key) throws(TokenizerError) in
      try fields.string(key)
    }
    guard !content.isEmpty else { throw fields.malformed("content", expected: "not empty") }
    let isSpecial = try fields.bool("special") ?? false
    self.init(
      content, id: id, isSpecial: isSpecial, stripsLeft: try fields.bool("lstrip") ?? false,
      stripsRight: try fields.bool("rstrip") ?? false, isSingleWord: try fields.bool("single_word") ?? false,
      isNormalized: try fields.bool("normalized") ?? !isSpecial)
  }
}

/// The tokens that are looked for in whole texts, by id and by content.
struct AddedTokens: Sendable {
  /// In the order of the files.
  let tokens: [AddedToken]
  private let byID: [Int32: AddedToken]
  private let byContent: [UTF8Key: Int32]

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    byID = Dictionary(tokens.map { ($0.id, $0) }) { $1 }
    byContent = Dictionary(tokens.map { (UTF8Key($0.content), $0.id) }) { $1 }
  }

  /// One past the highest id.
  var count: Int { Int(tokens.map(\.id).max() ?? -1) + 1 }

  func id(of content: String) -> Int32? { byContent[UTF8Key(content)] }

  subscript(id: Int32) -> AddedToken? { byID[id] }
}
