// SPDX-License-Identifier: Apache-2.0

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
