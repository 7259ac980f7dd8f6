// SPDX-License-Identifier: Apache-2.0

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
/// 4. WordPiece (`WordMatcher`).
struct TextPass {
  let stages: Stages
  let matcher: WordMatcher
  let asciiActions: UnsafeBufferPointer<UInt8>
  let text: UnsafeBufferPointer<UInt8>
  /// Reading stops once there are more pieces than this.
  let limit: Int
  let encodesSpecialTokens: Bool
  var word: WordBuffer
  var marks: MarkRun
  /// Takes what the normalizer makes instead of the splitter, if it is there.
  var normalized: NormalizedText?

  /// The pieces so far.
  var ids: [Int32] = []
  /// The bytes of the text each piece comes from; nil if nobody asks.
  var ranges: [Range<Int>]?
  /// How the text spells added tokens, by the number of the piece.
  var spellings: [Int: String] = [:]
  /// Pieces that were there before this text.
  var firstPiece = 0
  /// Where the pieces of a word end in it; nil if nobody asks.
  fileprivate var ends: [Int]?

  /// Whether no further piece is of use.
  var isFull: Bool { ids.count - firstPiece > limit }

  /// What a pass found out beside the pieces' ids.
  struct Outcome {
    /// Whether pieces were left out.
    let isTruncated: Bool
    /// The bytes each piece comes from, if origins are tracked.
    let ranges: [Range<Int>]
    /// How the text spells the pieces that are added tokens, by their number, if origins are tracked.
    let spellings: [Int: String]
  }

  /// Appends the pieces of `text` to `ids`, those past `limit` left out.
  ///
  /// - Complexity: O(bytes read); memory for the pieces, one word and one run of combining marks.
  static func run(
    _ stages: Stages, text: UnsafeBufferPointer<UInt8>, limit: Int, encodesSpecialTokens: Bool,
    tracksOrigins: Bool, ids: inout [Int32]
  ) throws(TokenizerError) -> Outcome {
    try with(
      stages, text: text, limit: limit, encodesSpecialTokens: encodesSpecialTokens, tracksOrigins: tracksOrigins
    ) { (pass) throws(TokenizerError) in
      // Lent, not copied.
      swap(&pass.ids, &ids)
      defer { swap(&pass.ids, &ids) }
      pass.firstPiece = pass.ids.count
      do throws(TokenizerError) {
        try pass.readText()
      } catch {
        pass.truncate(to: 0)
        throw error
      }
      let isTruncated = pass.isFull
      pass.truncate(to: limit)
      return Outcome(isTruncated: isTruncated, ranges: pass.ranges ?? [], spellings: pass.spellings)
    }
  }

  /// Lends a pass over `text` that has not read anything.
  static func with<Value>(
    _ stages: Stages, text: UnsafeBufferPointer<UInt8>, limit: Int, encodesSpecialTokens: Bool,
    tracksOrigins: Bool, _ body: (inout TextPass) throws(TokenizerError) -> Value
  ) throws(TokenizerError) -> Value {
    guard text.count <= Int32.max else { throw .textTooLong(byteCount: text.count) }
    let word = WordBuffer(scalarLimit: stages.model.longestWord, tracksOrigins: tracksOrigins)
    defer { word.deallocate() }
    return try stages.model.withMatcher { (matcher) throws(TokenizerError) in
      try stages.asciiActions.table.withUnsafeBufferPointer { (asciiActions) throws(TokenizerError) in
        var pass = TextPass(
          stages: stages, matcher: matcher, asciiActions: asciiActions, text: text, limit: limit,
          encodesSpecialTokens: encodesSpecialTokens, word: word, marks: MarkRun(tracksOrigins: tracksOrigins),
          ranges: tracksOrigins ? [] : nil, ends: tracksOrigins ? [] : nil)
        return try body(&pass)
      }
    }
  }

  private mutating func truncate(to pieces: Int) {
    ids.truncate(to: firstPiece + min(pieces, ids.count - firstPiece))
    ranges?.truncate(to: pieces)
  }

  /// Normalises and splits a stretch of text that holds no added token.
  mutating func readSegment(_ segment: Range<Int>) throws(TokenizerError) {
    let end = segment.upperBound
    var position = segment.lowerBound
    while position < end, !isFull {
      switch asciiActions[Int(text[position])] {
      case ASCIIActions.space:
        endWord()
        position += 1
      case ASCIIActions.punctuation:
        endWord()
        word.append(UInt32(text[position]), from: position..<position + 1)
        endWord()
        position += 1
      case ASCIIActions.removed:
        position += 1
      case ASCIIActions.scalar:
        position = try normalizeScalar(at: position, to: end)
      default:
        position = word.appendASCII(of: text, from: position, to: end, actions: asciiActions)
      }
    }
    endWord()
  }

  /// Turns the word being read, if there is one, into pieces.
  mutating func endWord() {
    guard !word.isEmpty else { return }
    defer { word.removeAll() }
    ends?.removeAll(keepingCapacity: true)
    if word.isTooLong {
      ids.append(matcher.unknownID)
      ends?.append(word.byteCount)
    } else {
      matcher.append(word.utf8, hashes: word.hashes, to: &ids, ends: &ends)
    }
    if let ends, let origins = word.origins { appendRanges(of: ends, origins) }
  }

  /// The range of a piece: from where its first scalar comes from to where its last one does.
  private mutating func appendRanges(of ends: [Int], _ origins: [Range<Int>]) {
    let bytes = word.utf8
    var scalar = 0
    var start = 0
    for end in ends {
      let first = scalar
      scalar += bytes[start..<end].reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
      let last = end == word.byteCount ? word.lastOrigin : origins[scalar - 1]
      ranges?.append(origins[first].lowerBound..<last.upperBound)
      start = end
    }
  }
}
