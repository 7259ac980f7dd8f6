// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension Tokenizer {
  /// Appends the tokens of a text to a batch: for BERT [CLS], at most `maxLength` - 2 subword tokens, [SEP].
  ///
  /// - Parameters:
  ///   - text: a text of any length.
  ///   - batch: gets one more sequence.
  ///   - maxLength: the maximum number of tokens, special ones included.
  /// - Returns: whether tokens were cut off.
  /// - Throws: ``SwiftletError`` if `maxLength` has no room for the special tokens or the text is too long; the batch is
  ///   then unchanged.
  /// - Complexity: O(bytes read); reading stops soon after `maxLength` tokens.
  @discardableResult
  public func append(_ text: String, to batch: inout TokenBatch, maxLength: Int) throws -> Bool {
    try withUTF8(of: text) { utf8 in try append(utf8: utf8, to: &batch, maxLength: maxLength) }
  }

  /// Appends the tokens of a text in UTF-8. The bytes are validated as far as they are read.
  ///
  /// The parameters are those of ``append(_:to:maxLength:)``, which gives the same tokens.
  ///
  /// - Returns: whether tokens were cut off.
  /// - Throws: The same errors, and a ``SwiftletError`` for bytes that are not UTF-8.
  @discardableResult
  public func append(
    utf8 text: Span<UInt8>, to batch: inout TokenBatch, maxLength: Int
  ) throws -> Bool {
    let room = try room(maxLength, specialCount: template.specialCount(isPair: false))
    batch.ids.append(contentsOf: template.prefix)
    do {
      let start = batch.ids.count
      let isTruncated = try segmenter.appendIDs(
        of: text, limit: room, treatsSpecialTokensAsText: splitsSpecialTokens, to: &batch.ids)
      if largestTypeID(isPair: false) > 0 { batch.typeIDs += template.typeIDs(count: batch.ids.count - start) }
      batch.ids.append(contentsOf: template.suffix)
      batch.endSequence(isTruncated: isTruncated)
      return isTruncated
    } catch {
      batch.ids.truncate(to: batch.sequenceStarts[batch.sequenceCount])
      throw error
    }
  }

  /// Appends the tokens of a pair of texts to a batch: for BERT [CLS] text [SEP] pair [SEP].
  ///
  /// A pair that is too long is cut like that of ``encode(_:pair:options:)``, which gives the same ids.
  ///
  /// - Parameters:
  ///   - text: the first text of the pair.
  ///   - pair: the second text.
  ///   - batch: gets one more sequence.
  ///   - maxLength: the maximum number of tokens, special ones included.
  /// - Returns: whether tokens were cut off.
  /// - Throws: ``SwiftletError`` if `maxLength` has no room for the special tokens or a text is too long; the batch is
  ///   then unchanged.
  /// - Complexity: O(bytes read); reading stops soon after `maxLength` tokens of each text.
  @discardableResult
  public func append(_ text: String, pair: String, to batch: inout TokenBatch, maxLength: Int) throws -> Bool {
    let room = try room(maxLength, specialCount: template.specialCount(isPair: true))
    var first = try ids(of: text, limit: room), second = try ids(of: pair, limit: room)
    try cut(&first, &second, of: (text, pair), room: room, EncodingOptions())
    append(first, second, to: &batch)
    return first.isTruncated || second.isTruncated
  }

  /// Appends the tokens of a text or a pair of texts, and says what to do if there are too many.
  ///
  /// What is kept of each text of a pair is as for ``append(_:pair:to:maxLength:)``.
  ///
  /// - Returns: whether tokens were cut off.
  /// - Throws: ``SwiftletError`` as ``append(_:to:maxLength:)`` does, and for too many tokens if they are refused; the
  ///   batch is then unchanged.
  /// - Complexity: O(bytes of the texts), unless the end is cut.
  @discardableResult
  public func append(
    _ text: String, pair: String? = nil, to batch: inout TokenBatch, maxLength: Int, truncation: TextTruncation
  ) throws -> Bool {
    if truncation == .atEnd {
      guard let pair else { return try append(text, to: &batch, maxLength: maxLength) }
      return try append(text, pair: pair, to: &batch, maxLength: maxLength)
    }
    let specialCount = template.specialCount(isPair: pair != nil)
    let room = try room(maxLength, specialCount: specialCount)
    var first = try ids(of: text, limit: .max - 1), second = try pair.map { try ids(of: $0, limit: .max - 1) }
    let count = first.ids.count + (second?.ids.count ?? 0)
    if count > room {
      if truncation == .refused { throw TokenizerError.tooManyTokens(specialCount + count, maxLength: maxLength) }
      let ofSecond = second?.ids.count
      let kept = ofSecond.map { Self.longestFirst(first.ids.count, $0, room: room) } ?? (first: room, second: 0)
      first.ids.removeFirst(first.ids.count - kept.first)
      if let ofSecond { second?.ids.removeFirst(ofSecond - kept.second) }
      first.isTruncated = true
    }
    append(first, second, to: &batch)
    return first.isTruncated
  }

  /// Appends the ids that ``encode(_:pair:options:)`` gives, without the time that tokens and offsets take.
  ///
  /// - Returns: whether tokens were cut off.
  /// - Throws: ``SwiftletError`` as ``encode(_:pair:options:)`` does; the batch is then unchanged.
  @discardableResult
  public func append(
    _ text: String, pair: String? = nil, to batch: inout TokenBatch, options: EncodingOptions
  ) throws -> Bool {
    let asText = treatsSpecialTokensAsText(options), maxLength = options.maxLength ?? Int(Int32.max)
    if options.addsSpecialTokens, asText == splitsSpecialTokens {
      guard let pair else { return try append(text, to: &batch, maxLength: maxLength) }
      return try append(text, pair: pair, to: &batch, maxLength: maxLength)
    }
    let specialCount = options.addsSpecialTokens ? template.specialCount(isPair: pair != nil) : 0
    let room = try room(maxLength, specialCount: specialCount)
    var first = try ids(of: text, limit: room, asText: asText)
    guard let pair else {
      append(first, nil, addsSpecialTokens: options.addsSpecialTokens, to: &batch)
      return first.isTruncated
    }
    var second = try ids(of: pair, limit: room, asText: asText)
    try cut(&first, &second, of: (text, pair), room: room, options)
    append(first, second, addsSpecialTokens: options.addsSpecialTokens, to: &batch)
    return first.isTruncated || second.isTruncated
  }

  /// Appends a sequence of a text or a pair of texts and the special tokens around them.
  private func append(
    _ first: Pieces, _ second: Pieces?, addsSpecialTokens: Bool = true, to batch: inout TokenBatch
  ) {
    for part in second == nil ? template.single : template.pair {
      let typeID: Int32, start = batch.ids.count
      switch part {
      case .special(let ids, let type):
        guard addsSpecialTokens else { continue }
        batch.ids += ids
        typeID = type
      case .text(let isSecond, let type):
        batch.ids += (isSecond ? second?.ids : first.ids) ?? []
        typeID = type
      }
      if passesTypeIDs { batch.typeIDs += repeatElement(typeID, count: batch.ids.count - start) }
    }
    batch.endSequence(isTruncated: first.isTruncated || second?.isTruncated ?? false)
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
    let room = try room(options.maxLength ?? Int(Int32.max), specialCount: specialCount)
    var first = try pieces(of: text, limit: room, options)
    guard let pair else { return encoding(first, nil, addsSpecialTokens: options.addsSpecialTokens) }
    var second = try pieces(of: pair, limit: room, options)
    try cut(&first, &second, of: (text, pair), room: room, options)
    return encoding(first, second, addsSpecialTokens: options.addsSpecialTokens)
  }

  /// The number of tokens that special tokens leave for texts.
  private func room(_ maxLength: Int, specialCount: Int) throws(TokenizerError) -> Int {
    guard maxLength >= specialCount else {
      throw TokenizerError.maximumLengthTooSmall(maxLength: maxLength, minimum: specialCount)
    }
    return maxLength - specialCount
  }

  /// Cuts the pieces of a pair, which were read up to `room` each, to `room` in all.
  private func cut(
    _ first: inout Pieces, _ second: inout Pieces, of texts: (String, String), room: Int, _ options: EncodingOptions
  ) throws(TokenizerError) {
    guard first.ids.count + second.ids.count > room else { return }
    var counts = (first.seenCount, second.seenCount)
    if first.isTruncated && second.isTruncated && room % 2 == 1 {
      // Each text gets half and the longer one the odd token, so their full lengths are needed.
      counts = (try pieceCount(of: texts.0, options), try pieceCount(of: texts.1, options))
    }
    let kept = Self.longestFirst(counts.0, counts.1, room: room)
    first.truncate(to: kept.first)
    second.truncate(to: kept.second)
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
      let found = try segmenter.pieces(
        of: utf8, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText(options))
      var pieces = Pieces(ids: found.ids, utf8Ranges: found.ranges, isTruncated: found.isTruncated)
      pieces.tokens = pieces.ids.enumerated().map { found.spellings[$0] ?? token(of: $1) ?? "" }
      template.trimming?.trim(&pieces.utf8Ranges, of: pieces.tokens, in: utf8)
      pieces.offsets = scalarRanges(of: pieces.utf8Ranges, in: utf8)
      return pieces
    }
  }

  /// The ids alone, which take less time than tokens and offsets.
  private func ids(of text: String, limit: Int, asText: Bool? = nil) throws(TokenizerError) -> Pieces {
    try withUTF8(of: text) { (utf8) throws(TokenizerError) in
      var pieces = Pieces()
      pieces.isTruncated = try segmenter.appendIDs(
        of: utf8, limit: limit, treatsSpecialTokensAsText: asText ?? splitsSpecialTokens, to: &pieces.ids)
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
      _ = try segmenter.appendIDs(
        of: utf8, limit: .max - 1, treatsSpecialTokensAsText: treatsSpecialTokensAsText(options), to: &ids)
      return ids.count
    }
  }

  private func encoding(_ first: Pieces, _ second: Pieces?, addsSpecialTokens: Bool) -> Encoding {
    var encoding = Encoding()
    for part in second == nil ? template.single : template.pair {
      switch part {
      case .special(let ids, let typeID):
        guard addsSpecialTokens else { continue }
        encoding.ids += ids
        encoding.tokens += ids.map { token(of: $0) ?? "" }
        encoding.append(ids.map { _ in 0..<0 }, ids.map { _ in 0..<0 }, typeID: typeID, textIndex: nil)
      case .text(let isSecond, let typeID):
        guard let pieces = isSecond ? second : first else { continue }
        encoding.ids += pieces.ids
        encoding.tokens += pieces.tokens
        encoding.append(pieces.offsets, pieces.utf8Ranges, typeID: typeID, textIndex: isSecond ? 1 : 0)
        encoding.isTruncated = encoding.isTruncated || pieces.isTruncated
      }
    }
    return encoding
  }
}

extension Encoding {
  /// Appends the places of tokens of one text or of special tokens.
  fileprivate mutating func append(
    _ newOffsets: [Range<Int>], _ newRanges: [Range<Int>], typeID: Int32, textIndex: Int?
  ) {
    offsets += newOffsets
    utf8Ranges += newRanges
    typeIDs += repeatElement(typeID, count: newOffsets.count)
    textIndices += repeatElement(textIndex, count: newOffsets.count)
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
