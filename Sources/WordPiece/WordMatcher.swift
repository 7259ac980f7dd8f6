// SPDX-License-Identifier: Apache-2.0

/// Splits words into the pieces of a `WordPieceModel`, which lends it.
struct WordMatcher {
  let index: VocabularyIndex
  let longestToken: Int
  let unknownID: Int32
  let continuationPrefix: UnsafeBufferPointer<UInt8>
  let continuationHash: Vocabulary.Hash

  /// Appends the ids of a word's pieces, and to `ends` where each piece ends in the word, if `ends` is
  /// wanted.
  ///
  /// - Parameters:
  ///   - word: the normalised word in UTF-8, not empty and not longer than `longestWord`.
  ///   - hashes: scratch for as many hashes as the word has bytes.
  /// - Complexity: O(n) for a word in the vocabulary, else O(n · L), n bytes in the word, L in the longest
  ///   token.
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
    if let id = index.id(of: word, after: UnsafeBufferPointer(start: nil, count: 0), hash: hash) {
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
      let prefix = start == 0 ? UnsafeBufferPointer(start: nil, count: 0) : continuationPrefix
      let longest = min(word.count - start, longestToken)
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
        if let id = index.id(of: piece, after: prefix, hash: hashes[end - 1]) {
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
