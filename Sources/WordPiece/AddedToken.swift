// SPDX-License-Identifier: Apache-2.0

/// A token that is looked for in the raw text, before it is normalised, as "[SEP]".
public struct AddedToken: Sendable, Equatable {
  /// The text, matched byte by byte, inside words too.
  public var content: String
  /// Its id.
  public var id: Int32
  /// Whether decoding can skip it, and encoding treat it as text.
  public var isSpecial: Bool
  /// Whether it takes in the white space before it.
  public var stripsLeft: Bool
  /// Whether it takes in the white space after it.
  public var stripsRight: Bool

  /// A token looked for in the raw text.
  public init(
    _ content: String, id: Int32, isSpecial: Bool = true, stripsLeft: Bool = false, stripsRight: Bool = false
  ) {
    self.content = content
    self.id = id
    self.isSpecial = isSpecial
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
  }
}
