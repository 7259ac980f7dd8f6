// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The tokenization of one text: normalizer, pre-tokenizer and WordPiece in one pass.
///
/// The reference runs its stages one after another over the whole text. Here each scalar goes through all stages before
/// the next one is read, so memory holds one word for a text of any length, and reading stops as soon as there are more
/// pieces than the caller can use. The order of the stages is the reference's:
///
/// 1. added tokens are split off the raw text (`WordPiecePass+AddedTokens`);
/// 2. clean, isolate ideographs, strip accents, lowercase (`WordPiecePass+Normalizing`);
/// 3. split at white space and punctuation (`WordPiecePass+Splitting`);
/// 4. WordPiece (`WordPieceModel`).
///
/// If places in the text are not needed, a `PlainReader` does the same for plain ASCII in one step.
struct WordPiecePass: ~Copyable {
  let stages: WordPieceStages
  private let model: WordPieceModel
  /// Reading stops once there are more ids than this.
  let limit: Int
  let treatsSpecialTokensAsText: Bool
  var word: WordBuffer
  var marks: MarkRun
  /// Receives the normalizer's output instead of the splitter, if present.
  var normalized: NormalizedText?

  /// The ids of the pieces so far.
  var ids: [Int32] = []
  /// The range of each piece in the text's bytes; nil if not needed.
  var ranges: [Range<Int>]?
  /// The spellings of added tokens in the text, by the number of the piece; filled only if ranges are needed.
  var spellings: [Int: String] = [:]
  /// The ends of a word's pieces in the word; nil if not needed.
  private var ends: [Int]?

  /// Whether no further pieces are needed.
  var isFull: Bool { ids.count > limit }

  /// The pieces of `text`, those past `limit` left out.
  ///
  /// - Complexity: O(bytes read); memory for the pieces, one word and one run of combining marks.
  static func pieces(
    of text: Span<UInt8>, _ stages: WordPieceStages, limit: Int, treatsSpecialTokensAsText: Bool
  ) throws(TokenizerError) -> TextTokens {
    try checkLength(of: text)
    var pass = WordPiecePass(
      stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText, tracksOrigins: true)
    try pass.read(text, from: 0)
    let isTruncated = pass.isFull
    pass.ids.truncate(to: limit)
    pass.ranges?.truncate(to: limit)
    return TextTokens(
      ids: pass.ids, ranges: pass.ranges ?? [], spellings: pass.spellings, isTruncated: isTruncated)
  }

  /// Appends the ids of at most `limit` pieces of `text` to `ids`, and returns whether the text has more. Some ids may
  /// have been appended before an error.
  ///
  /// - Complexity: as ``pieces(of:_:limit:treatsSpecialTokensAsText:)``.
  static func appendIDs(
    of text: Span<UInt8>, _ stages: WordPieceStages, limit: Int, treatsSpecialTokensAsText: Bool, to ids: inout [Int32]
  ) throws(TokenizerError) -> Bool {
    try checkLength(of: text)
    let firstCount = ids.count
    let limit = firstCount + min(limit, Int.max - 1 - firstCount)
    var start = 0
    if !stages.mayHoldAddedToken(text) {
      start = stages.plainReader.read(text, from: 0, to: text.count, limit: limit, into: &ids)
    }
    if start < text.count, ids.count <= limit {
      try appendIDs(of: text, from: start, stages, limit, treatsSpecialTokensAsText, to: &ids)
    }
    let isTruncated = ids.count > limit
    if isTruncated { ids.truncate(to: limit) }
    return isTruncated
  }

  /// The same for a text that is not plain from `start` on.
  @inline(never)
  private static func appendIDs(
    of text: Span<UInt8>, from start: Int, _ stages: WordPieceStages, _ limit: Int, _ treatsSpecialTokensAsText: Bool,
    to ids: inout [Int32]
  ) throws(TokenizerError) {
    var pass = WordPiecePass(
      stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText, tracksOrigins: false)
    swap(&pass.ids, &ids)
    defer { swap(&pass.ids, &ids) }
    try pass.read(text, from: start)
  }

  static func checkLength(of text: Span<UInt8>) throws(TokenizerError) {
    guard text.count <= Int32.max else { throw .textTooLong(byteCount: text.count) }
  }

  init(_ stages: WordPieceStages, limit: Int, treatsSpecialTokensAsText: Bool, tracksOrigins: Bool) {
    self.stages = stages
    model = stages.model
    self.limit = limit
    self.treatsSpecialTokensAsText = treatsSpecialTokensAsText
    word = WordBuffer(stages.model, tracksOrigins: tracksOrigins)
    marks = MarkRun(tracksOrigins: tracksOrigins)
    (ranges, ends) = tracksOrigins ? ([], []) : (nil, nil)
  }

  /// Normalizes and splits a stretch of text that holds no added token.
  mutating func readSegment(_ segment: Range<Int>, of text: Span<UInt8>) throws(TokenizerError) {
    let actions = stages.asciiActions.table, plainReader = stages.plainReader
    var position = segment.lowerBound
    while position < segment.upperBound, !isFull {
      if ranges == nil, text[position] < 0x80 {
        position = plainReader.read(text, from: position, to: segment.upperBound, limit: limit, into: &ids)
      }
      position = try readScalars(from: position, to: segment.upperBound, of: text, actions)
    }
    endWord()
  }

  /// Reads past the next ASCII white space or punctuation and returns the position after it.
  private mutating func readScalars(
    from start: Int, to end: Int, of text: Span<UInt8>, _ actions: ContiguousArray<UInt8>
  ) throws(TokenizerError) -> Int {
    var position = start
    while position < end, !isFull {
      switch actions[Int(text[position])] {
      case ASCIIActions.space:
        endWord()
        return position + 1
      case ASCIIActions.punctuation:
        endWord()
        word.append(UInt32(text[position]), from: position..<position + 1)
        endWord()
        return position + 1
      case ASCIIActions.removed:
        position += 1
      case ASCIIActions.scalar:
        position = try normalizeScalar(at: position, to: end, in: text)
      default:
        position = word.appendASCII(of: text, from: position, to: end, actions: actions)
      }
    }
    return position
  }

  /// Turns the word being read, if there is one, into pieces.
  mutating func endWord() {
    guard !word.isEmpty else { return }
    defer { word.removeAll() }
    ends?.removeAll(keepingCapacity: true)
    if word.isTooLong {
      ids.append(model.unknownID)
      ends?.append(word.byteCount)
    } else {
      appendPieces()
    }
    if let ends, let origins = word.origins { appendRanges(of: ends, origins) }
  }

  private mutating func appendPieces() {
    let first = ids.count
    let isKnown = word.forEachPiece(model) { id, end in
      ids.append(id)
      ends?.append(end)
    }
    if !isKnown {
      ids.truncate(to: first)
      ids.append(model.unknownID)
      if ends != nil { ends = [word.byteCount] }
    }
  }

  /// Appends the range of each piece: from the origin of its first scalar to that of its last.
  private mutating func appendRanges(of ends: [Int], _ origins: [Range<Int>]) {
    var start = 0
    for end in ends {
      let last = end == word.byteCount ? word.lastOrigin : origins[end - 1]
      ranges?.append(origins[start].lowerBound..<last.upperBound)
      start = end
    }
  }
}
