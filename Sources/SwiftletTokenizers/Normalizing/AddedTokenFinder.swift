// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Finds added tokens in a text, as the reference does (`tokenizers`, added_vocabulary).
///
/// The leftmost counts, of those the longest (of equals the first, where the reference's choice varies from
/// run to run); only then it is asked whether that one may stand there.
struct AddedTokenFinder: Sendable {
  /// For each first byte the tokens that start with it, longest first.
  private let candidates: [[Candidate]]
  private let startsToken: [Bool]
  /// The byte that all tokens start with, if it is one.
  private let onlyStart: UInt8?
  let isEmpty: Bool

  private struct Candidate {
    let pattern: [UInt8]
    let token: AddedToken
  }

  /// Tokens, each with the text to look for.
  init(_ tokens: [(pattern: [UInt8], token: AddedToken)]) {
    var candidates = [[Candidate]](repeating: [], count: 256)
    for (pattern, token) in tokens {
      guard let first = pattern.first else { continue }
      candidates[Int(first)].append(Candidate(pattern: pattern, token: token))
    }
    self.candidates = candidates.map { $0.sorted { $0.pattern.count > $1.pattern.count } }
    startsToken = candidates.map { !$0.isEmpty }
    isEmpty = !startsToken.contains(true)
    let starts = (0...UInt8.max).filter { !candidates[Int($0)].isEmpty }
    onlyStart = starts.count == 1 ? starts[0] : nil
  }

  /// Whether there is a byte that starts a token.
  func mayOccur(in text: UnsafeBufferPointer<UInt8>) -> Bool { nextStart(in: text, from: 0) < text.count }

  /// A token found in a text.
  struct Match {
    let id: Int32
    /// Where it is, with the white space that belongs to it.
    let bytes: Range<Int>
    /// Where to look for the next one: the white space after it may belong to both.
    let end: Int
  }

  /// The first added token at or after `start`; the white space before it belongs to it back to `limit` at
  /// most.
  ///
  /// O(bytes up to there); each byte that starts tokens costs a comparison with these.
  func firstMatch(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, limit: Int, includesSpecial: Bool
  ) throws(TokenizerError) -> Match? {
    var position = start
    while true {
      position = nextStart(in: text, from: position)
      guard position < text.count else { return nil }
      let rest = text[position...]
      guard let found = candidates[Int(text[position])].first(where: { rest.starts(with: $0.pattern) }) else {
        position += 1
        continue
      }
      let (token, range) = (found.token, position..<position + found.pattern.count)
      if includesSpecial || !token.isSpecial, try mayStand(token, at: range, in: text) {
        let bytes = try withWhitespace(range, of: token, in: text, limit: limit)
        return Match(id: token.id, bytes: bytes, end: range.upperBound)
      }
      position = range.upperBound
    }
  }

  /// Where the first byte at or after `position` is that starts a token.
  @inline(__always)
  private func nextStart(in text: UnsafeBufferPointer<UInt8>, from position: Int) -> Int {
    if isEmpty { return text.count }
    if let onlyStart, let start = text.baseAddress {
      let found = memchr(start + position, CInt(onlyStart), text.count - position)
      return found.map { UnsafeRawPointer($0) - UnsafeRawPointer(start) } ?? text.count
    }
    return startsToken.withUnsafeBufferPointer { startsToken in
      text[position...].firstIndex { startsToken[Int($0)] } ?? text.count
    }
  }

  private func mayStand(
    _ token: AddedToken, at range: Range<Int>, in text: UnsafeBufferPointer<UInt8>
  ) throws(TokenizerError) -> Bool {
    guard token.isSingleWord else { return true }
    if range.lowerBound > 0, try properties(before: range.lowerBound, in: text).isWordCharacter { return false }
    guard range.upperBound < text.count else { return true }
    return try !properties(at: range.upperBound, in: text).isWordCharacter
  }

  /// The range with the white space that the token takes in.
  private func withWhitespace(
    _ range: Range<Int>, of token: AddedToken, in text: UnsafeBufferPointer<UInt8>, limit: Int
  ) throws(TokenizerError) -> Range<Int> {
    var (first, last) = (range.lowerBound, range.upperBound)
    if token.stripsLeft { first = max(first, limit) }
    while token.stripsLeft, first > limit, try properties(before: first, in: text).isWhitespace {
      first = scalarStart(before: first, in: text)
    }
    while token.stripsRight, last < text.count, try properties(at: last, in: text).isWhitespace {
      last += try text.scalar(at: last).byteCount
    }
    return first..<last
  }

  private func properties(
    at position: Int, in text: UnsafeBufferPointer<UInt8>
  ) throws(TokenizerError) -> UnicodeTables.Properties {
    UnicodeTables.shared.properties(of: try text.scalar(at: position).value)
  }

  private func properties(
    before end: Int, in text: UnsafeBufferPointer<UInt8>
  ) throws(TokenizerError) -> UnicodeTables.Properties {
    try properties(at: scalarStart(before: end, in: text), in: text)
  }

  private func scalarStart(before end: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var position = end - 1
    while position > 0, text[position] & 0xC0 == 0x80 { position -= 1 }
    return position
  }
}
