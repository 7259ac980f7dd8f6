// SPDX-License-Identifier: Apache-2.0

/// A shorter way for the common case: words of printable ASCII with a space before each.
///
/// Such a word needs no normalizing, and is looked up in the cache where it stands. What is left to the other stages: longer
/// words, words that touch other scalars, and spaces in a row.
struct PlainWords: Sendable {
  /// nil where the normalizer changes printable ASCII, or where a space is more than the start of the next word.
  init?(_ normalization: UnigramNormalization, _ splitting: UnigramSplitting, _ kinds: ScalarKinds) {
    guard !normalization.lowercases, let metaspace = splitting.metaspace, metaspace.prepends == .always,
      metaspace.splits, !metaspace.replacement.isASCII,
      (UInt32(0x20)..<0x7F).allSatisfy({ kinds[$0] & ScalarKinds.mapped == 0 })
    else { return nil }
    for step in normalization.steps {
      switch step {
      case .strip(left: false, _), .spaces: break
      case .strip, .replace, .lowercase: return nil
      }
    }
  }

  @inline(__always)
  static func isWordByte(_ byte: UInt8) -> Bool { 0x21..<0x7F ~= byte }
}

extension UnigramPass {
  /// Whether plain words are read the shorter way.
  var canReadPlainWords: Bool {
    stages.plainWords != nil && !tracksOrigins && normalized == nil
  }

  /// Reads plain words from `start` on, the start of a stretch or of a space, where no word is open. Returns how far it
  /// got: up to a word or a space that it leaves to others.
  mutating func readPlainWords(_ text: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var position = start
    while position < end, !isFull {
      let hasSpace = text[position] == UInt8(ascii: " ")
      guard hasSpace || position == start && isAtStart else { break }
      let first = hasSpace ? position &+ 1 : position
      guard let (key, length) = Self.word(in: text, at: first, to: end) else { break }
      let next = first &+ length
      if next < end {
        // The space must be one that ends the word and starts the next.
        guard text[next] == UInt8(ascii: " "), next &+ 1 == end || PlainWords.isWordByte(text[next &+ 1]) else { break }
      }
      isAtStart = false
      position = next
      let slot = words.short.slot(of: key)
      if let known = words.short.ids(of: key, in: slot) {
        found.ids.append(known)
      } else {
        path.append(stages.metaspaceBytes)
        path.append(text, first..<next)
        Self.endWord(key, &words.short, &path, &found)
      }
    }
    return position
  }

  /// The bytes of a word of one to sixteen bytes, all of them word bytes, and their number.
  @inline(__always)
  private static func word(in text: Span<UInt8>, at start: Int, to end: Int) -> (ByteWindow, Int)? {
    if start &+ ByteWindow.byteCount < end {
      let window = ByteWindow(text, at: start)
      let length = window.printableCount
      guard length > 0, length < ByteWindow.byteCount || !PlainWords.isWordByte(text[start &+ length]) else {
        return nil
      }
      return (window.prefix(length), length)
    }
    var bits: UInt128 = 0
    var position = start
    while position < end, PlainWords.isWordByte(text[position]) {
      bits |= UInt128(text[position]) &<< UInt128(truncatingIfNeeded: 8 &* (position &- start))
      position &+= 1
      guard position &- start < ByteWindow.byteCount || position == end else { return nil }
    }
    let length = position &- start
    return 1...ByteWindow.byteCount ~= length ? (ByteWindow(bits: bits), length) : nil
  }
}

extension ByteWindow {
  /// How many bytes there are before the first that is no printable ASCII other than a space.
  @inline(__always)
  fileprivate var printableCount: Int {
    // A sum's highest bit says whether the byte is at least so much; no sum carries into the next byte.
    let low = bits & ByteWindow(repeating: 0x7F).bits
    let isAbove = low &+ ByteWindow(repeating: 0x80 - 0x21).bits
    let isDelete = low &+ ByteWindow(repeating: 0x80 - 0x7F).bits
    let isOther = (~isAbove | isDelete | bits) & ByteWindow(repeating: 0x80).bits
    return isOther == 0 ? ByteWindow.byteCount : isOther.trailingZeroBitCount / 8
  }
}
