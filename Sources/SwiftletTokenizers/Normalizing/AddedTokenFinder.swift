// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Finds added tokens in a text, as the reference does (`tokenizers`, added_vocabulary).
///
/// The leftmost match wins, of several there the longest, of equal tokens the first (the reference's choice among those
/// varies from run to run). Only that match is checked: if it may not stand there, the search goes on after it.
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
  func mayOccur(in text: Span<UInt8>) -> Bool { nextStart(in: text, from: 0) < text.count }

  /// A token found in a text.
  struct Match {
    let id: Int32
    /// Its place, with the white space that belongs to it.
    let bytes: Range<Int>
    /// Where to search for the next match: white space between two tokens may belong to both.
    let end: Int
  }

  /// The first added token at or after `start`. White space before it belongs to it, but not before `limit`.
  ///
  /// O(bytes up to the match). Each byte that can start a token costs a comparison with the tokens it starts.
  func firstMatch(
    in text: Span<UInt8>, from start: Int, limit: Int, includesSpecial: Bool
  ) throws(TokenizerError) -> Match? {
    var position = start
    while true {
      position = nextStart(in: text, from: position)
      guard position < text.count else { return nil }
      guard let found = candidates[Int(text[position])].first(where: { text.has($0.pattern, at: position) }) else {
        position += 1
        continue
      }
      let (token, range) = (found.token, position..<position + found.pattern.count)
      if includesSpecial || !token.isSpecial, try mayStand(token, at: range, in: text),
        let bytes = try withWhitespace(range, of: token, in: text, limit: limit)
      {
        return Match(id: token.id, bytes: bytes, end: range.upperBound)
      }
      position = range.upperBound
    }
  }

  /// The position of the first byte at or after `position` that can start a token.
  @inline(__always)
  private func nextStart(in text: Span<UInt8>, from position: Int) -> Int {
    if isEmpty { return text.count }
    if let onlyStart { return firstOffset(of: onlyStart, in: text, from: position) ?? text.count }
    var position = position
    while position < text.count, !startsToken[Int(text[position])] { position += 1 }
    return position
  }

  private func mayStand(
    _ token: AddedToken, at range: Range<Int>, in text: Span<UInt8>
  ) throws(TokenizerError) -> Bool {
    guard token.isSingleWord else { return true }
    if range.lowerBound > 0 {
      let before = try scalarStart(before: range.lowerBound, in: text)
      if try properties(at: before, in: text).isWordCharacter { return false }
    }
    guard range.upperBound < text.count else { return true }
    return try !properties(at: range.upperBound, in: text).isWordCharacter
  }

  /// The range extended by the white space that belongs to the token.
  ///
  /// - Returns: nil if nothing is left of the token: it also takes the white space before it, but the match before has taken
  ///   both. The reference drops such a token, too, or fails if that match goes on after it.
  private func withWhitespace(
    _ range: Range<Int>, of token: AddedToken, in text: Span<UInt8>, limit: Int
  ) throws(TokenizerError) -> Range<Int>? {
    var (first, last) = (range.lowerBound, range.upperBound)
    if token.stripsLeft { first = max(first, limit) }
    while token.stripsLeft, first > limit {
      let before = try scalarStart(before: first, in: text)
      guard try properties(at: before, in: text).isWhitespace else { break }
      first = before
    }
    while token.stripsRight, last < text.count, try properties(at: last, in: text).isWhitespace {
      last += try text.scalar(at: last).byteCount
    }
    return first < last ? first..<last : nil
  }

  private func properties(
    at position: Int, in text: Span<UInt8>
  ) throws(TokenizerError) -> UnicodeTables.Properties {
    UnicodeTables.shared.properties(of: try text.scalar(at: position).value)
  }

  private func scalarStart(before end: Int, in text: Span<UInt8>) throws(TokenizerError) -> Int {
    var start = end - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    // Bytes of no scalar may lie between.
    let scalarEnd = try start + text.scalar(at: start).byteCount
    guard scalarEnd == end else { throw .invalidUTF8(offset: scalarEnd) }
    return start
  }
}

/// Finds the added tokens of a tokenizer: some are looked for in the raw text, the others in the normalized text.
struct AddedTokenFinders: Sendable {
  let raw: AddedTokenFinder
  let normalized: AddedTokenFinder
  /// The tokens of `normalized` as they look there, by id.
  let spellings: [Int32: String]

  /// - Parameter normalize: normalizes a whole text.
  init(_ tokens: [AddedToken], normalize: (String) throws(TokenizerError) -> [UInt8]) {
    raw = AddedTokenFinder(tokens.filter { !$0.isNormalized }.map { (Array($0.content.utf8), $0) })
    let normalizedTokens = tokens.filter(\.isNormalized).map { token -> (pattern: [UInt8], token: AddedToken) in
      // A string is UTF-8: normalizing it does not fail.
      ((try? normalize(token.content)) ?? [], token)
    }
    normalized = AddedTokenFinder(normalizedTokens)
    spellings = Dictionary(
      normalizedTokens.map { ($0.token.id, String(decoding: $0.pattern, as: UTF8.self)) }
    ) { $1 }
  }

  /// No tokens.
  static let none = AddedTokenFinders([]) { _ in [] }
}

/// A walk over a text from added token to added token.
struct AddedTokenWalk {
  private var position: Int
  private var search: Int

  init(from start: Int) { (position, search) = (start, start) }

  /// The text before the next added token, and the token if there is one; nil at the end of the text.
  ///
  /// A token may be in the white space that the token before it has taken. The text goes on after the later one.
  mutating func next(
    _ finder: AddedTokenFinder, in text: Span<UInt8>, includesSpecial: Bool
  ) throws(TokenizerError) -> (before: Range<Int>, token: AddedTokenFinder.Match?)? {
    guard position < text.count || search < text.count else { return nil }
    let start = position
    let match = try finder.firstMatch(in: text, from: search, limit: position, includesSpecial: includesSpecial)
    (position, search) = match.map { ($0.bytes.upperBound, $0.end) } ?? (text.count, text.count)
    return (start..<max(start, match?.bytes.lowerBound ?? text.count), match)
  }
}

extension Span<UInt8> {
  /// Whether these bytes start at `position`.
  fileprivate func has(_ bytes: [UInt8], at position: Int) -> Bool {
    bytes.count <= count - position && bytes.indices.allSatisfy { self[position + $0] == bytes[$0] }
  }
}
