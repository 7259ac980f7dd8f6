// SPDX-License-Identifier: Apache-2.0

/// WordPiece: a word becomes the longest token that starts it, then the longest that continues it, and so on.
///
/// A word that cannot be covered so, or that has more than `longestWord` scalars, is one unknown token.
///
/// Schuster, Nakajima: Japanese and Korean Voice Search, ICASSP 2012; the greedy form is that of BERT's reference
/// (Devlin et al., 2019) and of `tokenizers` (models/wordpiece).
struct WordPieceModel: Sendable {
  let vocabulary: Vocabulary
  let unknownID: Int32
  /// The most scalars a word may have, 100 in BERT.
  let longestWord: Int
  /// What marks a token that continues a word, "##" in BERT.
  let continuationPrefix: [UInt8]
  private let continuationHash: Vocabulary.Hash

  init(vocabulary: Vocabulary, unknownID: Int32, longestWord: Int, continuationPrefix: String) {
    self.vocabulary = vocabulary
    self.unknownID = unknownID
    self.longestWord = longestWord
    self.continuationPrefix = Array(continuationPrefix.utf8)
    continuationHash = self.continuationPrefix.reduce(Vocabulary.emptyHash, Vocabulary.extend)
  }

  /// Appends the ids of a word's pieces, and to `ends` where each piece ends in the word, if `ends` is wanted.
  ///
  /// - Parameters:
  ///   - word: the normalised word in UTF-8, not empty and not longer than `longestWord`.
  ///   - hashes: scratch for as many hashes as the word has bytes.
  /// - Complexity: O(n) for a word in the vocabulary, else O(n · L), n bytes in the word, L in the longest token.
  @inline(__always)
  func append(
    _ word: UnsafeBufferPointer<UInt8>, hashes: UnsafeMutableBufferPointer<Vocabulary.Hash>,
    to ids: inout [Int32], ends: inout [Int]?
  ) {
    var hash = Vocabulary.emptyHash
    for i in 0..<word.count {
      hash = Vocabulary.extend(hash, with: word[i])
      hashes[i] = hash
    }
    if let id = vocabulary.id(prefix: [], rest: word, hash: hash) {
      ids.append(id)
      ends?.append(word.count)
    } else {
      appendPieces(of: word, hashes: hashes, to: &ids, ends: &ends)
    }
  }

  /// The same for a word that is no token itself; `hashes` are those of its prefixes.
  private func appendPieces(
    of word: UnsafeBufferPointer<UInt8>, hashes: UnsafeMutableBufferPointer<Vocabulary.Hash>,
    to ids: inout [Int32], ends: inout [Int]?
  ) {
    let (idCount, endCount) = (ids.count, ends?.count ?? 0)
    var start = 0
    while start < word.count {
      let prefix = start == 0 ? [] : continuationPrefix
      let longest = min(word.count - start, vocabulary.longestToken)
      if start > 0 {
        var hash = continuationHash
        for i in start..<start + longest {
          hash = Vocabulary.extend(hash, with: word[i])
          hashes[i] = hash
        }
      }
      var end = start + longest
      while end > start {
        let piece = UnsafeBufferPointer(rebasing: word[start..<end])
        if let id = vocabulary.id(prefix: prefix, rest: piece, hash: hashes[end - 1]) {
          ids.append(id)
          ends?.append(end)
          break
        }
        end -= 1
      }
      if end == start {
        ids.truncate(to: idCount)
        ids.append(unknownID)
        ends?.truncate(to: endCount)
        ends?.append(word.count)
        return
      }
      start = end
    }
  }
}
