// SPDX-License-Identifier: Apache-2.0

/// All stages at once for the common case: words of ASCII letters and digits, and between them ASCII punctuation and
/// white space.
///
/// Sixteen bytes are read at a time; a word that is a token costs one look-up, and no byte is copied. What this reader
/// leaves to a `TextPass`: words that touch anything else, and those of more than fifteen bytes.
struct PlainReader: @unchecked Sendable {
  private let matcher: WordMatcher
  private let longestWord: Int
  /// What makes letters lowercase; digits have the bit already.
  private let caseBits: UInt128

  init(_ matcher: WordMatcher, _ normalization: Normalization) {
    self.matcher = matcher
    longestWord = min(matcher.longestWord, ByteWindow.byteCount - 1)
    caseBits = normalization.lowercases ? ByteWindow(repeating: 0x20).bits : 0
  }

  /// Reads `text`, where no word goes on from before `start`, up to `end` at most, and returns how far it got: until
  /// there are more pieces than `limit`, or up to the start of a word or a byte that it leaves to others.
  ///
  /// - Parameter word: memory for a word as `WordMatcher` asks for.
  func read(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, limit: Int, into pieces: inout PieceList,
    word: UnsafeMutablePointer<UInt8>
  ) -> Int {
    guard let text = text.baseAddress else { return start }
    // Of the last bytes a copy is read, with white space behind them.
    let tailStart = max(start, end - ByteWindow.byteCount + 1)
    let position = read(text, from: start, to: tailStart, limit: limit, into: &pieces, word: word)
    guard position >= tailStart else { return position }
    let space = ByteWindow(repeating: UInt8(ascii: " "))
    var tail = (space, space)
    return withUnsafeMutableBytes(of: &tail) { tail in
      tail.copyMemory(from: UnsafeRawBufferPointer(start: text + position, count: end - position))
      let tail = tail.baseAddress!.assumingMemoryBound(to: UInt8.self)
      return min(position + read(tail, from: 0, to: end - position, limit: limit, into: &pieces, word: word), end)
    }
  }

  /// The same where a window and one byte more can be read from each position before `end`.
  @inline(__always)
  private func read(
    _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, limit: Int, into pieces: inout PieceList,
    word: UnsafeMutablePointer<UInt8>
  ) -> Int {
    var position = start
    while position < end, pieces.count <= limit {
      pieces.makeRoom()
      let window = ByteWindow(at: text + position)
      let length = window.alphanumericCount
      guard length <= longestWord else { break }
      let next = text[position &+ length]
      let isSpace = next == UInt8(ascii: " ")
      guard isSpace || isPlainBoundary(next) else { break }
      if length > 0 {
        let key = ByteWindow(bits: window.bits | caseBits).prefix(length)
        if let id = matcher.index.id(of: key) {
          pieces.append(id)
        } else {
          appendPieces(of: key, count: length, to: &pieces, word)
        }
        position &+= length &+ (isSpace ? 1 : 0)
      } else {
        if next > UInt8(ascii: " ") {
          pieces.append(matcher.index.id(of: ByteWindow(bits: UInt128(next))) ?? matcher.unknownID)
        }
        position &+= 1
      }
    }
    return position
  }

  /// Whether a byte that is no letter or digit is punctuation or white space of ASCII, whatever the normalizer does.
  @inline(__always)
  private func isPlainBoundary(_ byte: UInt8) -> Bool {
    0x20..<0x7F ~= byte || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  /// The pieces of a word that is no token itself.
  @inline(never)
  private func appendPieces(
    of key: ByteWindow, count: Int, to pieces: inout PieceList, _ word: UnsafeMutablePointer<UInt8>
  ) {
    let memory = UnsafeMutableRawPointer(word)
    memory.storeBytes(of: key.bits.littleEndian, as: UInt128.self)
    memory.storeBytes(of: 0, toByteOffset: ByteWindow.byteCount, as: UInt128.self)
    var ends: [Int]?
    matcher.append(word, count: count, to: &pieces, ends: &ends)
  }
}
