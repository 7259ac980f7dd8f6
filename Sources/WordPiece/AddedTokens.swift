// SPDX-License-Identifier: Apache-2.0

import FileFormats

/// The first stage: added tokens split the raw text; the leftmost counts, then the longest.
struct AddedTokens: Sendable {
  /// In the order of the files.
  let tokens: [AddedToken]
  /// For each first byte the tokens that start with it, longest first.
  private let candidates: [[Candidate]]
  private let startsToken: [Bool]
  private let byID: [Int32: AddedToken]
  private let byContent: [UTF8Key: Int32]

  private struct Candidate {
    let content: [UInt8]
    let token: AddedToken
  }

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    var candidates = [[Candidate]](repeating: [], count: 256)
    for token in tokens where !token.content.isEmpty {
      let content = Array(token.content.utf8)
      candidates[Int(content[0])].append(Candidate(content: content, token: token))
    }
    self.candidates = candidates.map { $0.sorted { $0.content.count > $1.content.count } }
    startsToken = candidates.map { !$0.isEmpty }
    byID = Dictionary(tokens.map { ($0.id, $0) }) { $1 }
    byContent = Dictionary(tokens.map { (UTF8Key($0.content), $0.id) }) { $1 }
  }

  /// One past the highest id.
  var count: Int { Int(tokens.map(\.id).max() ?? -1) + 1 }

  func id(of content: String) -> Int32? { byContent[UTF8Key(content)] }

  subscript(id: Int32) -> AddedToken? { byID[id] }

  /// The first added token at or after `position`, with the white space that belongs to it.
  ///
  /// O(bytes up to there); each byte that starts tokens costs a comparison with these.
  func firstMatch(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, includesSpecial: Bool
  ) throws(TokenizerError) -> (id: Int32, bytes: Range<Int>)? {
    var position = start
    while true {
      startsToken.withUnsafeBufferPointer {
        while position < text.count, !$0[Int(text[position])] { position += 1 }
      }
      guard position < text.count else { return nil }
      let rest = text[position...]
      guard let found = candidates[Int(text[position])].first(where: { rest.starts(with: $0.content) }) else {
        position += 1
        continue
      }
      let (token, end) = (found.token, position + found.content.count)
      if token.isSpecial && !includesSpecial {
        position = end
        continue
      }
      let first = token.stripsLeft ? try whitespaceStart(before: position, in: text, from: start) : position
      let last = token.stripsRight ? try whitespaceEnd(after: end, in: text) : end
      return (token.id, first..<last)
    }
  }

  private func whitespaceStart(
    before end: Int, in text: UnsafeBufferPointer<UInt8>, from start: Int
  ) throws(TokenizerError) -> Int {
    var first = end
    while first > start {
      var previous = first - 1
      while previous > start, text[previous] & 0xC0 == 0x80 { previous -= 1 }
      guard UnicodeTables.shared.properties(of: try text.scalar(at: previous).value).isWhitespace else {
        break
      }
      first = previous
    }
    return first
  }

  private func whitespaceEnd(
    after start: Int, in text: UnsafeBufferPointer<UInt8>
  ) throws(TokenizerError) -> Int {
    var end = start
    while end < text.count {
      let (scalar, byteCount) = try text.scalar(at: end)
      guard UnicodeTables.shared.properties(of: scalar).isWhitespace else { break }
      end += byteCount
    }
    return end
  }
}
