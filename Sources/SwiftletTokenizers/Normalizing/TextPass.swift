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
/// Where origins do not matter, a `PlainReader` does the same for plain ASCII in one step.
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
    fileprivate(set) var isTruncated = false
    /// The bytes each piece comes from, if origins are tracked.
    fileprivate(set) var ranges: [Range<Int>] = []
    /// How the text spells the pieces that are added tokens, by their number, if origins are tracked.
    fileprivate(set) var spellings: [Int: String] = [:]
  }

  /// Appends the pieces of `text` to `ids`, those past `limit` left out.
  ///
  /// - Complexity: O(bytes read); memory for the pieces, one word and one run of combining marks.
  static func run(
    _ stages: Stages, text: UnsafeBufferPointer<UInt8>, limit: Int, encodesSpecialTokens: Bool,
    tracksOrigins: Bool, ids: inout [Int32]
  ) throws(TokenizerError) -> Outcome {
    try withMemory(for: text, stages) { (word, pieceMemory) throws(TokenizerError) in
      var pieces = PieceList(memory: pieceMemory)
      var start = 0
      if !tracksOrigins, !stages.mayHoldAddedToken(text) {
        start = stages.plainReader.read(text, from: 0, to: text.count, limit: limit, into: &pieces, word: word)
      }
      var outcome = Outcome()
      if start < text.count, pieces.count <= limit {
        var pass = TextPass(
          stages, text: text, limit: limit, encodesSpecialTokens: encodesSpecialTokens, tracksOrigins: tracksOrigins,
          word: word, pieces: pieces)
        try pass.readText(from: start)
        pieces = pass.pieces
        pass.ranges?.truncate(to: limit)
        (outcome.ranges, outcome.spellings) = (pass.ranges ?? [], pass.spellings)
      }
      outcome.isTruncated = pieces.count > limit
      pieces.append(to: &ids, limit: limit)
      return outcome
    }
  }

  /// Lends the memory of a pass over `text`: that of a word, as a `WordMatcher` asks for it, and that of a
  /// `PieceList`.
  static func withMemory<Value>(
    for text: UnsafeBufferPointer<UInt8>, _ stages: Stages,
    _ body: (UnsafeMutablePointer<UInt8>, UnsafeMutableBufferPointer<Int32>) throws(TokenizerError) -> Value
  ) throws(TokenizerError) -> Value {
    guard text.count <= Int32.max else { throw .textTooLong(byteCount: text.count) }
    let matcher = stages.model.matcher
    return try withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: matcher.prefix.count + WordBuffer.capacity(scalarLimit: matcher.longestWord)
    ) { (word) throws(TokenizerError) in
      try withUnsafeTemporaryAllocation(
        of: Int32.self, capacity: PieceList.capacity(burst: matcher.longestWord)
      ) { (pieces) throws(TokenizerError) in
        try body(word.baseAddress! + matcher.prefix.count, pieces)
      }
    }
  }

  init(
    _ stages: Stages, text: UnsafeBufferPointer<UInt8>, limit: Int, encodesSpecialTokens: Bool, tracksOrigins: Bool,
    word: UnsafeMutablePointer<UInt8>, pieces: PieceList
  ) {
    self.stages = stages
    self.text = text
    self.limit = limit
    self.encodesSpecialTokens = encodesSpecialTokens
    self.word = WordBuffer(scalarLimit: stages.model.matcher.longestWord, memory: word, tracksOrigins: tracksOrigins)
    marks = MarkRun(tracksOrigins: tracksOrigins)
    self.pieces = pieces
    (ranges, ends) = tracksOrigins ? ([], []) : (nil, nil)
  }

  /// Normalises and splits a stretch of text that holds no added token.
  mutating func readSegment(_ segment: Range<Int>) throws(TokenizerError) {
    var position = segment.lowerBound
    while position < segment.upperBound, !isFull {
      if ranges == nil {
        position = stages.plainReader.read(
          text, from: position, to: segment.upperBound, limit: limit, into: &pieces, word: word.bytes)
      }
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
    pieces.makeRoom()
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
