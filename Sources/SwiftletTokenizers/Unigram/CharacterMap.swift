// SPDX-License-Identifier: Apache-2.0

/// A precompiled map of characters: which short texts a SentencePiece normalizer replaces, and by what.
///
/// The keys are a double array over bytes ("Darts") in 32-bit units, the replacements one text in which each ends with NUL.
/// Wherever the tables lead outside themselves, or a replacement is not UTF-8, there is no replacement: no table traps.
///
/// Format: github.com/google/sentencepiece, src/normalizer.cc, and the crate spm_precompiled.
final class CharacterMap: Sendable {
  private let units: ContiguousArray<UInt32>
  /// UTF-8 of all replacements.
  let text: ContiguousArray<UInt8>

  /// A map as tokenizer.json holds it: the number of bytes of the keys, in four bytes, lowest first; the keys; the
  /// replacements.
  ///
  /// - Returns: nil if the bytes are fewer than they say, or the replacements are not UTF-8.
  init?(_ bytes: ContiguousArray<UInt8>) {
    func word(at offset: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) } }
    guard bytes.count >= 4 else { return nil }
    let unitCount = Int(word(at: 0)) / 4
    guard unitCount > 0, unitCount <= (bytes.count - 4) / 4 else { return nil }
    units = ContiguousArray((0..<unitCount).map { word(at: 4 + 4 * $0) })
    text = ContiguousArray(bytes[(4 + 4 * unitCount)...])
    guard String(validating: text, as: UTF8.self) != nil else { return nil }
  }

  /// The place in `text` of the replacement for the shortest key that the bytes of `key` start with; nil if there is none.
  func replacement(of key: Span<UInt8>, _ range: Range<Int>) -> Range<Int>? {
    var node = Self.offset(units[0])
    for position in range {
      let byte = key[position]
      guard byte != 0, let child = child(of: node, byte) else { return nil }
      node = child.base
      if child.isKey { return replacement(at: node) }
    }
    return nil
  }

  /// Calls `body` with the scalars whose bytes start with a key, in ranges.
  func forEachMappedRange(_ body: (ClosedRange<UInt32>) -> Void) {
    let root = Self.offset(units[0])
    for lead in UInt8(0)...0xF4 where !(0x80..<0xC2 ~= lead) {
      let (value, left): (UInt32, Int) =
        switch lead {
        case ..<0x80: (UInt32(lead), 0)
        case ..<0xE0: (UInt32(lead & 0x1F), 1)
        case ..<0xF0: (UInt32(lead & 0x0F), 2)
        default: (UInt32(lead & 0x07), 3)
        }
      visit(root, lead, value, left: left, body)
    }
  }

  private func visit(
    _ node: Int, _ byte: UInt8, _ value: UInt32, left: Int, _ body: (ClosedRange<UInt32>) -> Void
  ) {
    guard byte != 0, let child = child(of: node, byte) else { return }
    if child.isKey {
      let first = value << (6 * UInt32(left))
      body(first...(first | (1 << (6 * UInt32(left)) - 1)))
    } else if left > 0 {
      for continuation in UInt8(0x80)..<0xC0 {
        visit(child.base, continuation, value << 6 | UInt32(continuation & 0x3F), left: left - 1, body)
      }
    }
  }

  // MARK: Units

  private func child(of node: Int, _ byte: UInt8) -> (base: Int, isKey: Bool)? {
    let place = node ^ Int(byte)
    guard place < units.count else { return nil }
    let unit = units[place]
    guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
    return (place ^ Self.offset(unit), unit >> 8 & 1 == 1)
  }

  /// What leads from a node to its children, in exclusive or.
  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << (unit & 1 << 9 == 0 ? 0 : 8) }

  private func replacement(at node: Int) -> Range<Int>? {
    guard node < units.count else { return nil }
    let start = Int(units[node] & 0x7FFF_FFFF)
    guard start <= text.count, start == text.count || text[start] & 0xC0 != 0x80 else { return nil }
    var end = start
    while end < text.count, text[end] != 0 { end += 1 }
    return start..<end
  }
}
