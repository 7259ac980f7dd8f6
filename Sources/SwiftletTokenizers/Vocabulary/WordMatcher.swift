// SPDX-License-Identifier: Apache-2.0

/// Splits words into the pieces of the `WordPieceModel` that owns its memory.
struct WordMatcher: @unchecked Sendable {
  let index: VocabularyIndex
  let longestToken: Int
  let unknownID: Int32
  /// The most scalars a word may have.
  let longestWord: Int
  /// What marks a token that continues a word.
  let prefix: UnsafeBufferPointer<UInt8>

  /// Appends the ids of a word's pieces, and to `ends` where each piece ends in the word, if `ends` is wanted.
  ///
  /// - Parameter word: the `count` bytes of the normalized word, which are overwritten: the prefix is written before the
  ///   rest of the word, and first of all there is room for it. As many bytes as a window has can be read behind the word.
  /// - Complexity: O(n) for a word in the vocabulary, else O(n · L), n bytes in the word, L in the longest token.
  func append(_ word: UnsafeMutablePointer<UInt8>, count: Int, to pieces: inout PieceList, ends: inout [Int]?) {
    let (firstPiece, firstEnd) = (pieces.count, ends?.count ?? 0)
    var position = 0
    while position < count {
      let prefixCount = position == 0 ? 0 : prefix.count
      let rest = word + position - prefixCount
      for i in 0..<prefixCount { rest[i] = prefix[i] }
      guard let (id, length) = longestToken(at: rest, after: prefixCount, count: prefixCount + count - position)
      else {
        pieces.replaceWord(startingAt: firstPiece, with: unknownID)
        ends?.truncate(to: firstEnd)
        ends?.append(count)
        return
      }
      position += length - prefixCount
      pieces.append(id)
      ends?.append(position)
    }
  }

  /// The longest token that `text` starts with and that is longer than the prefix.
  @inline(__always)
  private func longestToken(
    at text: UnsafePointer<UInt8>, after prefixCount: Int, count: Int
  ) -> (id: Int32, length: Int)? {
    let lengths = index.lengths(at: text)
    var length = min(count, longestToken)
    while length > prefixCount {
      if length < UInt32.bitWidth {
        // On to the next length that a token has.
        length = UInt32.bitWidth &- 1 &- (lengths & (2 &<< UInt32(truncatingIfNeeded: length) &- 1)).leadingZeroBitCount
        guard length > prefixCount else { return nil }
      }
      if let id = index.id(of: text, count: length) { return (id, length) }
      length -= 1
    }
    return nil
  }
}
