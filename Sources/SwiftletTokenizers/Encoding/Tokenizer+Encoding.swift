// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension Tokenizer {
  /// Appends the tokens of a text to a batch: for BERT [CLS], at most `maxLength` - 2 subword tokens, [SEP].
  ///
  /// - Parameter maxLength: the maximum number of tokens, special ones included.
  /// - Returns: whether tokens were cut off.
  /// - Throws: ``SwiftletError`` if `maxLength` has no room for the special tokens or the text is too long; the batch is
  ///   then unchanged.
  /// - Complexity: O(bytes read); reading stops soon after `maxLength` tokens.
  @discardableResult
  public func append(_ text: String, to batch: inout TokenBatch, maxLength: Int) throws -> Bool {
    try withUTF8(of: text) { utf8 in try append(utf8: utf8, to: &batch, maxLength: maxLength) }
  }

  /// Appends the tokens of a text in UTF-8. The bytes are validated as far as they are read.
  @discardableResult
  public func append(
    utf8 text: Span<UInt8>, to batch: inout TokenBatch, maxLength: Int
  ) throws -> Bool {
    let room = maxLength - template.prefix.count - template.suffix.count
    guard room >= 0 else {
      throw TokenizerError.maximumLengthTooSmall(maxLength: maxLength, minimum: maxLength - room)
    }
    batch.ids.append(contentsOf: template.prefix)
    do {
      let start = batch.ids.count
      let isTruncated = try TextPass.appendIDs(
        of: text, stages, limit: room, treatsSpecialTokensAsText: splitsSpecialTokens, to: &batch.ids)
      if passesTypeIDs { batch.typeIDs += template.typeIDs(count: batch.ids.count - start) }
      batch.ids.append(contentsOf: template.suffix)
      batch.endSequence(isTruncated: isTruncated)
      return isTruncated
    } catch {
      batch.ids.truncate(to: batch.sequenceStarts[batch.sequenceCount])
      throw error
    }
  }

  /// The tokens of a text, or of a pair of texts: for BERT [CLS] text [SEP], or [CLS] text [SEP] pair [SEP].
  ///
  /// A pair that is too long is cut as the reference does by default: the longer text first, then both alike.
  ///
  /// - Throws: ``SwiftletError`` if the maximum length leaves no room for the special tokens, or a text is too
  ///   long.
  /// - Complexity: O(bytes read); reading stops soon after the maximum length.
  public func encode(
    _ text: String, pair: String? = nil, options: EncodingOptions = EncodingOptions()
  ) throws -> Encoding {
    let specialCount = options.addsSpecialTokens ? template.specialCount(isPair: pair != nil) : 0
    let maxLength = options.maxLength ?? Int(Int32.max)
    guard maxLength >= specialCount else {
      throw TokenizerError.maximumLengthTooSmall(maxLength: maxLength, minimum: specialCount)
    }
    let room = maxLength - specialCount
    var first = try pieces(of: text, limit: room, options)
    var second = try pair.map { (text) throws(TokenizerError) in try pieces(of: text, limit: room, options) }
    if let pair, let cut = second, first.ids.count + cut.ids.count > room {
      var counts = (first.seenCount, cut.seenCount)
      if first.isTruncated && cut.isTruncated && room % 2 == 1 {
        // Each text gets half and the longer one the odd token, so their full lengths are needed.
        counts = (try pieceCount(of: text, options), try pieceCount(of: pair, options))
      }
      let kept = Self.longestFirst(counts.0, counts.1, room: room)
      first.truncate(to: kept.first)
      second?.truncate(to: kept.second)
    }
    return encoding(first, second, addsSpecialTokens: options.addsSpecialTokens)
  }

  /// The number of tokens to keep of each text of a pair, `room` in all.
  ///
  /// This is the reference's "longest first" (`tokenizers`, utils/truncation): the shorter text stays complete if it
  /// fills at most half of the room. Otherwise each gets half, and the longer text (the second if equal) gets the odd
  /// token.
  static func longestFirst(_ first: Int, _ second: Int, room: Int) -> (first: Int, second: Int) {
    let shorter = min(first, second)
    if shorter * 2 <= room {
      return first <= second ? (first, room - first) : (room - second, second)
    }
    let half = (room / 2, room / 2 + room % 2)
    return first <= second ? half : (half.1, half.0)
  }

  /// The pieces of one text, without special tokens.
  private struct Pieces {
    var ids: [Int32] = []
    var tokens: [String] = []
    var offsets: [Range<Int>] = []
    var utf8Ranges: [Range<Int>] = []
    var isTruncated = false

    /// The number of pieces of the text, or one more than were asked for if there are more.
    var seenCount: Int { ids.count + (isTruncated ? 1 : 0) }

    mutating func truncate(to count: Int) {
      isTruncated = isTruncated || count < ids.count
      ids.truncate(to: count)
      tokens.truncate(to: count)
      offsets.truncate(to: count)
      utf8Ranges.truncate(to: count)
    }
  }

  private func pieces(of text: String, limit: Int, _ options: EncodingOptions) throws(TokenizerError)
    -> Pieces
  {
    try withUTF8(of: text) { (utf8) throws(TokenizerError) in
      let found = try TextPass.pieces(
        of: utf8, stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText(options))
      var pieces = Pieces(ids: found.ids, utf8Ranges: found.ranges, isTruncated: found.isTruncated)
      pieces.offsets = scalarRanges(of: found.ranges, in: utf8)
      pieces.tokens = pieces.ids.enumerated().map { found.spellings[$0] ?? token(of: $1) ?? "" }
      return pieces
    }
  }

  private func treatsSpecialTokensAsText(_ options: EncodingOptions) -> Bool {
    options.treatsSpecialTokensAsText || splitsSpecialTokens
  }

  /// The number of pieces of a whole text; four bytes of memory each.
  private func pieceCount(of text: String, _ options: EncodingOptions) throws(TokenizerError) -> Int {
    try withUTF8(of: text) { (utf8) throws(TokenizerError) in
      var ids: [Int32] = []
      _ = try TextPass.appendIDs(
        of: utf8, stages, limit: .max - 1, treatsSpecialTokensAsText: treatsSpecialTokensAsText(options), to: &ids)
      return ids.count
    }
  }

  private func encoding(_ first: Pieces, _ second: Pieces?, addsSpecialTokens: Bool) -> Encoding {
    var encoding = Encoding()
    for piece in second == nil ? template.single : template.pair {
      switch piece {
      case .special(let ids, let typeID):
        guard addsSpecialTokens else { continue }
        encoding.ids += ids
        encoding.typeIDs += ids.map { _ in typeID }
        encoding.tokens += ids.map { token(of: $0) ?? "" }
        encoding.offsets += ids.map { _ in 0..<0 }
        encoding.utf8Ranges += ids.map { _ in 0..<0 }
      case .text(let isSecond, let typeID):
        guard let pieces = isSecond ? second : first else { continue }
        encoding.ids += pieces.ids
        encoding.typeIDs += repeatElement(typeID, count: pieces.ids.count)
        encoding.tokens += pieces.tokens
        encoding.offsets += pieces.offsets
        encoding.utf8Ranges += pieces.utf8Ranges
        encoding.isTruncated = encoding.isTruncated || pieces.isTruncated
      }
    }
    return encoding
  }
}

/// Converts ranges in bytes to ranges in Unicode scalars, in one walk over the text if the ranges are in order.
private func scalarRanges(of ranges: [Range<Int>], in text: Span<UInt8>) -> [Range<Int>] {
  /// Counts the scalars before a byte.
  struct Counter {
    var byte = 0
    var scalars = 0

    mutating func move(to target: Int, in text: Span<UInt8>) -> Int {
      for k in min(byte, target)..<max(byte, target) where text[k] & 0xC0 != 0x80 {
        scalars += byte < target ? 1 : -1
      }
      byte = target
      return scalars
    }
  }
  var (starts, ends) = (Counter(), Counter())
  return ranges.map { range in
    let start = starts.move(to: range.lowerBound, in: text)
    return start..<ends.move(to: range.upperBound, in: text)
  }
}

extension Array {
  /// Removes what comes after the first `count` elements.
  mutating func truncate(to count: Int) {
    if count < self.count { removeLast(self.count - count) }
  }
}
