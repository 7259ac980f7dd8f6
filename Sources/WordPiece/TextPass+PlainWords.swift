// SPDX-License-Identifier: Apache-2.0

/// All stages at once for the common case: words of ASCII letters and digits, and between them ASCII punctuation and
/// white space. Sixteen bytes are read at a time; a word that is a token costs one look-up, and no byte is copied.
extension TextPass {
  /// Reads from `start`, where a word may start, to `end` at most, and returns how far it got: to the start of a word
  /// that needs the other stages, or until the text is full.
  mutating func readPlainWords(from start: Int, to end: Int) -> Int {
    guard let text = text.baseAddress else { return start }
    // Of the last bytes a copy is read, with white space behind them.
    let tailStart = max(start, end - ByteWindow.byteCount + 1)
    let position = readPlainWords(text, from: start, to: tailStart)
    guard position >= tailStart else { return position }
    let space = ByteWindow(repeating: UInt8(ascii: " "))
    var tail = (space, space)
    return withUnsafeMutableBytes(of: &tail) { tail in
      tail.copyMemory(from: UnsafeRawBufferPointer(start: text + position, count: end - position))
      let tail = tail.baseAddress!.assumingMemoryBound(to: UInt8.self)
      return min(position + readPlainWords(tail, from: 0, to: end - position), end)
    }
  }

  /// The same where a window and one byte more can be read from each position before `end`.
  @inline(__always)
  private mutating func readPlainWords(_ text: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
    let longestWord = min(matcher.longestWord, ByteWindow.byteCount - 1)
    let lowercase = ByteWindow(repeating: stages.normalization.lowercases ? 0x20 : 0)
    var position = start
    while position < end, !isFull {
      pieces.startWord()
      let window = ByteWindow(at: text + position)
      let length = window.alphanumericCount
      guard length <= longestWord else { break }
      let next = text[position + length]
      let isSpace = next == UInt8(ascii: " ")
      if length > 0 {
        guard isSpace || isPlainBoundary(next) else { break }
        // Digits have the bit already that makes letters lowercase.
        let key = ByteWindow(bits: window.bits | lowercase.bits).prefix(length)
        if let id = matcher.index.id(of: key) {
          pieces.append(id)
        } else {
          appendPieces(of: key, count: length)
        }
        position += length + (isSpace ? 1 : 0)
      } else {
        guard isSpace || isPlainBoundary(next) else { break }
        if !isSpace && next > UInt8(ascii: " ") {
          pieces.append(matcher.index.id(of: ByteWindow(bits: UInt128(next))) ?? matcher.unknownID)
        }
        position += 1
      }
    }
    return position
  }

  /// Whether a byte that is no letter or digit is punctuation or white space of ASCII, whatever the normalizer does.
  @inline(__always)
  private func isPlainBoundary(_ byte: UInt8) -> Bool {
    0x20..<0x7F ~= byte || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  /// Appends the pieces of a word that is no token itself.
  @inline(never)
  private mutating func appendPieces(of word: ByteWindow, count: Int) {
    UnsafeMutableRawPointer(self.word.bytes).storeBytes(of: word.bits.littleEndian, as: UInt128.self)
    matcher.append(self.word.bytes, count: count, to: &pieces, ends: &ends)
  }
}
