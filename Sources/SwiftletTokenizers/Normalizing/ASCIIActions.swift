// SPDX-License-Identifier: Apache-2.0

/// A table of what a normalization does to each ASCII byte, the most common case.
struct ASCIIActions: Sendable {
  /// Up to 0x7F: the byte that goes into the word. Above: one of the actions below.
  let table: ContiguousArray<UInt8>

  static let space: UInt8 = 0x80
  static let punctuation: UInt8 = 0x81
  static let removed: UInt8 = 0x82
  /// Not ASCII: a scalar to decode.
  static let scalar: UInt8 = 0x83

  init(_ normalization: Normalization) {
    let actions = (0...UInt8.max).map { byte -> UInt8 in
      guard byte < 0x80 else { return Self.scalar }
      let properties = UnicodeTables.shared.properties(of: UInt32(byte))
      if properties.isRemoved && normalization.cleansText { return Self.removed }
      if properties.isWhitespace { return Self.space }
      if properties.isPunctuation { return Self.punctuation }
      let isUppercase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      return isUppercase && normalization.lowercases ? byte | 0x20 : byte
    }
    table = ContiguousArray(actions)
  }
}
