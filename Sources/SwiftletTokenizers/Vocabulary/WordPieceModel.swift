// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// WordPiece: a word becomes the longest token that starts it, then the longest that continues it, and so on.
///
/// A word that cannot be split so, or that has more than `maximumWordScalarCount` scalars, is one unknown token.
///
/// Schuster, Nakajima: Japanese and Korean Voice Search, ICASSP 2012; the greedy form is that of BERT's
/// reference (Devlin et al., 2019) and of `tokenizers` (models/wordpiece).
final class WordPieceModel: Sendable {
  let vocabulary: Vocabulary
  private let index: VocabularyIndex
  private let maximumTokenByteCount: Int
  /// The lengths of tokens of 32 bytes or more, longest first.
  private let longLengths: ContiguousArray<Int>
  let unknownID: Int32
  /// The maximum number of scalars of a word, 100 in BERT.
  let maximumWordScalarCount: Int
  /// The prefix of a token that continues a word, "##" in BERT.
  let prefix: ContiguousArray<UInt8>

  init(vocabulary: Vocabulary, unknownID: Int32, maximumWordScalarCount: Int, continuationPrefix: String) {
    self.vocabulary = vocabulary
    index = vocabulary.index
    maximumTokenByteCount = vocabulary.maximumTokenByteCount
    longLengths = vocabulary.longLengths
    self.unknownID = unknownID
    self.maximumWordScalarCount = maximumWordScalarCount
    prefix = ContiguousArray(continuationPrefix.utf8)
  }

  /// The number of bytes for a word, the prefix before it and a window after it.
  func memoryCount(wordBytes: Int) -> Int { prefix.count + wordBytes + ByteWindow.byteCount }

  /// Splits a word into pieces: passes the id of each to `body`, and where it ends in the word.
  ///
  /// - Parameters:
  ///   - memory: room for the prefix, then the `count` bytes of the normalized word, then a window; it is overwritten.
  ///   - slots, keys, lengths: the tables of the vocabulary's index.
  /// - Returns: false if no token covers the rest of the word. The word is then unknown; drop what `body` was passed.
  /// - Complexity: O(n) for a word in the vocabulary, else O(n · L), n bytes in the word, L the sum of the different
  ///   lengths of tokens; about 18 for BERT.
  @inline(__always)
  func forEachPiece(
    of memory: inout MutableSpan<UInt8>, count: Int, _ slots: Span<UInt32>, _ keys: Span<ByteWindow>,
    _ lengths: Span<UInt32>, _ body: (_ id: Int32, _ end: Int) -> Void
  ) -> Bool {
    let fullPrefixCount = prefix.count
    var position = 0
    while position < count {
      let prefixCount = position == 0 ? 0 : fullPrefixCount
      let start = fullPrefixCount + position - prefixCount
      for i in 0..<prefixCount { memory[start + i] = prefix[i] }
      guard
        let (id, length) = longestToken(
          in: memory.span, at: start, after: prefixCount, count: prefixCount + count - position, slots, keys, lengths)
      else { return false }
      position += length - prefixCount
      body(id, position)
    }
    return true
  }

  /// The longest token that the text at `start` starts with and that is longer than the prefix.
  @inline(__always)
  private func longestToken(
    in text: Span<UInt8>, at start: Int, after prefixCount: Int, count: Int, _ slots: Span<UInt32>,
    _ keys: Span<ByteWindow>, _ lengths: Span<UInt32>
  ) -> (id: Int32, length: Int)? {
    let window = ByteWindow(text, at: start)
    // Every length below a start's is possible: an ideograph needs no look-up.
    let lengths = count < VocabularyIndex.startCount ? .max : VocabularyIndex.lengths(from: window, lengths)
    var length = min(count, maximumTokenByteCount)
    if length >= UInt32.bitWidth {
      if let found = longToken(in: text, at: start, after: prefixCount, count: length, window, slots, keys) {
        return found
      }
      length = UInt32.bitWidth &- 1
    }
    while length > prefixCount {
      // Skips to the next smaller length that a token may have.
      length = UInt32.bitWidth &- 1 &- (lengths & (2 &<< UInt32(truncatingIfNeeded: length) &- 1)).leadingZeroBitCount
      guard length > prefixCount else { return nil }
      // No token ends inside a scalar.
      let isBoundary = length == count || text[start &+ length] & 0xC0 != 0x80
      if isBoundary, let id = index.id(of: text, at: start, count: length, window, slots, keys) { return (id, length) }
      length -= 1
    }
    return nil
  }

  /// The longest token of 32 bytes or more.
  @inline(never)
  private func longToken(
    in text: Span<UInt8>, at start: Int, after prefixCount: Int, count: Int, _ window: ByteWindow,
    _ slots: Span<UInt32>, _ keys: Span<ByteWindow>
  ) -> (id: Int32, length: Int)? {
    for length in longLengths where length <= count && length > prefixCount {
      if let id = index.id(of: text, at: start, count: length, window, slots, keys) { return (id, length) }
    }
    return nil
  }
}
