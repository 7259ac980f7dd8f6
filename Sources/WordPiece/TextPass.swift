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
///
/// Plain words of ASCII take one step through all of them (`TextPass+PlainWords`).
struct TextPass {
  let stages: Stages
  let text: UnsafeBufferPointer<UInt8>
  /// Reading stops once there are more pieces than this.
  let limit: Int
  let encodesSpecialTokens: Bool
  var word: WordBuffer
  var marks: MarkRun
  /// Takes what the normalizer makes instead of the splitter, if it is there.
  var normalized: NormalizedText?

  /// The pieces so far.
  var pieces: PieceList
  /// The bytes of the text each piece comes from; nil if nobody asks.
  var ranges: [Range<Int>]?
  /// How the text spells added tokens, by the number of the piece.
  var spellings: [Int: String] = [:]
  /// Where the pieces of a word end in it; nil if nobody asks.
  var ends: [Int]?

  var matcher: WordMatcher { stages.model.matcher }
  /// Whether no further piece is of use.
  var isFull: Bool { pieces.count > limit }

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
      try pass.readText()
      let isTruncated = pass.isFull
      pass.pieces.append(to: &ids, limit: limit)
      pass.ranges?.truncate(to: limit)
      return Outcome(isTruncated: isTruncated, ranges: pass.ranges ?? [], spellings: pass.spellings)
    }
  }

  /// Lends a pass over `text` that has not read anything.
  static func with<Value>(
    _ stages: Stages, text: UnsafeBufferPointer<UInt8>, limit: Int, encodesSpecialTokens: Bool,
    tracksOrigins: Bool, _ body: (inout TextPass) throws(TokenizerError) -> Value
  ) throws(TokenizerError) -> Value {
    guard text.count <= Int32.max else { throw .textTooLong(byteCount: text.count) }
    let longestWord = stages.model.matcher.longestWord, prefixCount = stages.model.matcher.prefix.count
    return try withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: WordBuffer.capacity(scalarLimit: longestWord, prefixCount: prefixCount)
    ) { (wordMemory) throws(TokenizerError) in
      try withUnsafeTemporaryAllocation(
        of: Int32.self, capacity: PieceList.capacity(longestWord: longestWord)
      ) { (pieceMemory) throws(TokenizerError) in
        var pass = TextPass(
          stages: stages, text: text, limit: limit, encodesSpecialTokens: encodesSpecialTokens,
          word: WordBuffer(
            scalarLimit: longestWord, prefixCount: prefixCount, memory: wordMemory, tracksOrigins: tracksOrigins),
          marks: MarkRun(tracksOrigins: tracksOrigins), pieces: PieceList(memory: pieceMemory),
          ranges: tracksOrigins ? [] : nil, ends: tracksOrigins ? [] : nil)
        return try body(&pass)
      }
    }
  }

  /// Normalises and splits a stretch of text that holds no added token.
  mutating func readSegment(_ segment: Range<Int>) throws(TokenizerError) {
    var position = segment.lowerBound
    while position < segment.upperBound, !isFull {
      if ranges == nil { position = readPlainWords(from: position, to: segment.upperBound) }
      position = try readScalars(from: position, to: segment.upperBound)
    }
    endWord()
  }

  /// Reads to the next ASCII white space or punctuation, past it, and returns where that is.
  private mutating func readScalars(from start: Int, to end: Int) throws(TokenizerError) -> Int {
    let actions = stages.asciiActions.table.elements
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
        position = try normalizeScalar(at: position, to: end)
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
    pieces.startWord()
    if word.isTooLong {
      pieces.append(matcher.unknownID)
      ends?.append(word.byteCount)
    } else {
      matcher.append(word.bytes, count: word.byteCount, to: &pieces, ends: &ends)
    }
    if let ends, let origins = word.origins { appendRanges(of: ends, origins) }
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
