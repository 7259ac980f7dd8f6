// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// One text on its way through normalizer, pre-tokenizer and WordPiece.
///
/// The stages of the reference run one after another over the whole text; here each scalar goes through all
/// of them before the next one is read. So memory is that of one word, however long the text, and reading
/// stops as soon as there are more pieces than the caller can use. The stages themselves are in the order of
/// the reference:
///
/// 1. added tokens are split off the raw text (`TextPass+AddedTokens`);
/// 2. clean, isolate ideographs, strip accents, lowercase (`TextPass+Normalizing`);
/// 3. split at white space and punctuation (`TextPass+Splitting`);
/// 4. WordPiece (`WordPieceModel`).
///
/// Where origins do not matter, a `PlainReader` does the same for plain ASCII in one step.
struct TextPass: ~Copyable {
  let stages: Stages
  private let model: WordPieceModel
  /// Reading stops once there are more ids than this.
  let limit: Int
  let treatsSpecialTokensAsText: Bool
  var word: WordBuffer
  var marks: MarkRun
  /// Takes what the normalizer makes instead of the splitter, if it is there.
  var normalized: NormalizedText?

  /// The ids of the pieces so far.
  var ids: [Int32] = []
  /// The bytes of the text each piece comes from; nil if nobody asks.
  var ranges: [Range<Int>]?
  /// How the text spells added tokens, by the number of the piece; filled if somebody asks for ranges.
  var spellings: [Int: String] = [:]
  /// Where the pieces of a word end in it; nil if nobody asks.
  private var ends: [Int]?

  /// Whether no further piece is of use.
  var isFull: Bool { ids.count > limit }

  /// The pieces of a text and where they come from.
  struct Pieces {
    /// Their ids.
    fileprivate(set) var ids: [Int32] = []
    /// The bytes each piece comes from.
    fileprivate(set) var ranges: [Range<Int>] = []
    /// How the text spells the pieces that are added tokens, by their number.
    fileprivate(set) var spellings: [Int: String] = [:]
    /// Whether pieces were left out.
    fileprivate(set) var isTruncated = false
  }

  /// The pieces of `text`, those past `limit` left out.
  ///
  /// - Complexity: O(bytes read); memory for the pieces, one word and one run of combining marks.
  static func pieces(
    of text: Span<UInt8>, _ stages: Stages, limit: Int, treatsSpecialTokensAsText: Bool
  ) throws(TokenizerError) -> Pieces {
    try checkLength(of: text)
    var pass = TextPass(
      stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText, tracksOrigins: true)
    try pass.read(text, from: 0)
    let isTruncated = pass.isFull
    pass.ids.truncate(to: limit)
    pass.ranges?.truncate(to: limit)
    return Pieces(ids: pass.ids, ranges: pass.ranges ?? [], spellings: pass.spellings, isTruncated: isTruncated)
  }

  /// Appends the ids of the pieces of `text` to `ids`, those past `limit` left out; tells whether there are such. Before an
  /// error some may have been appended.
  ///
  /// - Complexity: as ``pieces(of:_:limit:treatsSpecialTokensAsText:)``.
  static func appendIDs(
    of text: Span<UInt8>, _ stages: Stages, limit: Int, treatsSpecialTokensAsText: Bool, to ids: inout [Int32]
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
    of text: Span<UInt8>, from start: Int, _ stages: Stages, _ limit: Int, _ treatsSpecialTokensAsText: Bool,
    to ids: inout [Int32]
  ) throws(TokenizerError) {
    var pass = TextPass(
      stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText, tracksOrigins: false)
    swap(&pass.ids, &ids)
    defer { swap(&pass.ids, &ids) }
    try pass.read(text, from: start)
  }

  private static func checkLength(of text: Span<UInt8>) throws(TokenizerError) {
    guard text.count <= Int32.max else { throw .textTooLong(byteCount: text.count) }
  }

  init(_ stages: Stages, limit: Int, treatsSpecialTokensAsText: Bool, tracksOrigins: Bool) {
    self.stages = stages
    model = stages.model
    self.limit = limit
    self.treatsSpecialTokensAsText = treatsSpecialTokensAsText
    word = WordBuffer(stages.model, tracksOrigins: tracksOrigins)
    marks = MarkRun(tracksOrigins: tracksOrigins)
    (ranges, ends) = tracksOrigins ? ([], []) : (nil, nil)
  }

  /// Normalises and splits a stretch of text that holds no added token.
  mutating func readSegment(_ segment: Range<Int>, of text: Span<UInt8>) throws(TokenizerError) {
    let actions = stages.asciiActions.table
    var position = segment.lowerBound
    while position < segment.upperBound, !isFull {
      if ranges == nil, text[position] < 0x80 {
        position = stages.plainReader.read(text, from: position, to: segment.upperBound, limit: limit, into: &ids)
      }
      position = try readScalars(from: position, to: segment.upperBound, of: text, actions)
    }
    endWord()
  }

  /// Reads to the next ASCII white space or punctuation, past it, and returns where that is.
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

  /// The range of a piece: from where its first scalar comes from to where its last one does.
  private mutating func appendRanges(of ends: [Int], _ origins: [Range<Int>]) {
    var start = 0
    for end in ends {
      let last = end == word.byteCount ? word.lastOrigin : origins[end - 1]
      ranges?.append(origins[start].lowerBound..<last.upperBound)
      start = end
    }
  }
}
