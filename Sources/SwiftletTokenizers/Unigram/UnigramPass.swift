// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The tokenization of one text by a Unigram tokenizer: normalizer, pre-tokenizer and model in one pass.
///
/// As in a `WordPiecePass`, each scalar goes through all stages before the next one is read, and reading stops when there are
/// more pieces than the caller can use. The order of the stages is the reference's:
///
/// 1. added tokens are split off the raw text;
/// 2. characters are replaced, white space is stripped and joined (`UnigramPass+Normalizing`, `UnigramPass+Steps`);
/// 3. words are split (`split`);
/// 4. the best pieces of each word are found (`BestPath`).
///
/// Words of plain ASCII take a shorter way if their places are not needed (`PlainWords`).
struct UnigramPass: ~Copyable {
  let stages: UnigramStages
  let treatsSpecialTokensAsText: Bool
  /// The word being read.
  var path: BestPath
  /// Whether the next scalar starts what the Metaspace splitter takes as one text.
  var isAtStart = true
  var steps: StepStates
  var alignment = Alignment()
  /// Where the scalars of a lowercased text come from, by their bytes; nil where the text is the original.
  var lowercasedOrigins: ContiguousArray<BestPath.Origin>?
  /// Receives the normalizer's output instead of the splitter, if present.
  var normalized: NormalizedText?
  var words: WordCaches
  /// Where `path`, `steps` and `words` come from, and go back to.
  private let box: PassMemoryBox

  var found: PieceList
  /// Whether it is known where scalars come from: for the ranges, or because the start of the whole text differs.
  let tracksOrigins: Bool

  /// Whether no further pieces are needed.
  var isFull: Bool { found.isFull }

  /// The pieces of `text`, those past `limit` left out.
  ///
  /// - Complexity: O(bytes read), with the longest piece as a factor at most; memory for the pieces and what is not decided
  ///   yet.
  static func pieces(
    of text: Span<UInt8>, _ stages: UnigramStages, limit: Int, treatsSpecialTokensAsText: Bool
  ) throws(TokenizerError) -> TextTokens {
    try WordPiecePass.checkLength(of: text)
    var pass = UnigramPass(
      stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText, givesRanges: true)
    try pass.read(text)
    let pieces = pass.found.pieces()
    pass.end()
    return pieces
  }

  /// Appends the ids of at most `limit` pieces of `text` to `ids`, and returns whether the text has more. Some ids may
  /// have been appended before an error.
  ///
  /// - Complexity: as ``pieces(of:_:limit:treatsSpecialTokensAsText:)``.
  static func appendIDs(
    of text: Span<UInt8>, _ stages: UnigramStages, limit: Int, treatsSpecialTokensAsText: Bool, to ids: inout [Int32]
  ) throws(TokenizerError) -> Bool {
    try WordPiecePass.checkLength(of: text)
    let limit = ids.count + min(limit, Int.max - 1 - ids.count)
    var pass = UnigramPass(
      stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText, givesRanges: false)
    swap(&pass.found.ids, &ids)
    do {
      try pass.read(text)
    } catch {
      swap(&pass.found.ids, &ids)
      throw error
    }
    swap(&pass.found.ids, &ids)
    let isTruncated = ids.count > limit
    ids.truncate(to: limit)
    pass.end()
    return isTruncated
  }

  init(_ stages: UnigramStages, limit: Int, treatsSpecialTokensAsText: Bool, givesRanges: Bool) {
    let tracksOrigins = givesRanges || stages.splitting.metaspace?.prepends == .first
    self.stages = stages
    self.treatsSpecialTokensAsText = treatsSpecialTokensAsText
    box = stages.takeBox()
    let memory = box.memory.take() ?? stages.newMemory()
    words = memory.words
    path = memory.path
    steps = memory.steps
    path.tracksOrigins = tracksOrigins
    found = PieceList(limit: limit, givesRanges: givesRanges)
    self.tracksOrigins = tracksOrigins
  }

  /// Gives the memory of the pass to the next one.
  private consuming func end() {
    guard path.isReusable else { return }
    let (box, stages) = (box, stages)
    box.memory = PassMemory(words: words, path: path, steps: steps)
    stages.giveBack(box)
  }

  // MARK: Added tokens

  private mutating func read(_ text: Span<UInt8>) throws(TokenizerError) {
    var walk = AddedTokenWalk(from: 0)
    while !isFull,
      let (before, token) = try walk.next(stages.addedTokens.raw, in: text, includesSpecial: !treatsSpecialTokensAsText)
    {
      if !before.isEmpty {
        if stages.addedTokens.normalized.isEmpty {
          try normalize(before, of: text)
          endText()
        } else {
          normalized = NormalizedText()
          try normalize(before, of: text)
          let result = normalized ?? NormalizedText()
          normalized = nil
          try readNormalized(result)
        }
      }
      if let token { append(token.id, from: token.bytes, spelled: text.extracting(token.bytes)) }
    }
  }

  /// What the normalizer makes of a whole text.
  static func normalize(_ text: String, _ stages: UnigramStages) throws(TokenizerError) -> [UInt8] {
    try withUTF8(of: text) { (text) throws(TokenizerError) in
      var pass = UnigramPass(stages, limit: .max - 1, treatsSpecialTokensAsText: true, givesRanges: false)
      pass.normalized = NormalizedText()
      try pass.normalize(0..<text.count, of: text)
      let bytes = Array(pass.normalized?.bytes ?? [])
      pass.end()
      return bytes
    }
  }

  /// Splits normalized text at added tokens, and what is between them into words.
  private mutating func readNormalized(_ normalized: NormalizedText) throws(TokenizerError) {
    let bytes = normalized.bytes.span
    var walk = AddedTokenWalk(from: 0)
    while !isFull,
      let (before, token) = try walk.next(
        stages.addedTokens.normalized, in: bytes, includesSpecial: !treatsSpecialTokensAsText)
    {
      var position = before.lowerBound
      while position < before.upperBound, !isFull {
        let (scalar, byteCount) = try bytes.scalar(at: position)
        split(scalar, BestPath.Origin(normalized.origins[position]))
        position += byteCount
      }
      endText()
      guard let token else { return }
      append(token.id, from: normalized.origin(of: token.bytes), spelled: bytes.extracting(token.bytes))
    }
  }

  /// Appends an added token, spelled as the text does it.
  private mutating func append(_ id: Int32, from origin: Range<Int>, spelled text: Span<UInt8>) {
    found.append(id, from: origin, spelled: found.ranges == nil ? nil : String(utf8: text))
  }

  // MARK: Words

  /// Takes a scalar from the normalizer: drops white space if asked to, and starts a word at what stands for a space.
  mutating func split(_ scalar: UInt32, _ origin: BestPath.Origin) {
    guard normalized == nil else {
      normalized?.append(scalar, from: Int(origin.start)..<Int(origin.end))
      return
    }
    let kind = stages.kinds[scalar]
    if kind & ScalarKinds.whitespace != 0, stages.splitting.dropsWhitespace {
      endWord()
      isAtStart = true
      return
    }
    guard let metaspace = stages.splitting.metaspace else {
      isAtStart = false
      return appendToWord(scalar, origin)
    }
    let isSeparator = kind & ScalarKinds.separator != 0
    if isAtStart {
      isAtStart = false
      if !isSeparator, metaspace.prepends == .always || metaspace.prepends == .first && origin.start == 0 {
        appendToWord(metaspace.replacement.value, origin)
      }
    } else if isSeparator, metaspace.splits {
      endWord()
    }
    appendToWord(isSeparator ? metaspace.replacement.value : scalar, origin)
  }

  private mutating func appendToWord(_ scalar: UInt32, _ origin: BestPath.Origin) {
    let (utf8, length) = utf8Bytes(of: scalar)
    path.append(utf8: utf8, length: length, from: origin)
    if path.needsSearch { searchPart() }
  }

  @inline(never)
  mutating func searchPart() { path.searchPart(&found) }

  /// Turns the word being read, if there is one, into pieces.
  mutating func endWord() {
    guard !path.isEmpty else { return }
    let prefix = stages.metaspaceBytes.count, length = path.count - prefix
    guard !tracksOrigins, !path.isInParts, prefix > 0, 1...LongWord.byteCounts.upperBound ~= length,
      path.starts(with: stages.metaspaceBytes), path.lastByte != 0
    else { return path.finish(&found) }
    if length <= ByteWindow.byteCount {
      Self.endWord(path.window(at: prefix, length), &words.short, &path, &found)
    } else {
      let start = path.window(at: prefix, ByteWindow.byteCount), second = prefix + ByteWindow.byteCount
      let key = LongWord(start: start, end: path.window(at: second, path.count - second))
      Self.endWord(key, &words.long, &path, &found)
    }
  }

  /// Turns a word of one space and `key` into pieces, those of the cache if it knows the word.
  @inline(__always)
  static func endWord<Key: WordKey>(
    _ key: Key, _ cache: inout WordCache<Key>, _ path: inout BestPath, _ found: inout PieceList
  ) {
    let slot = cache.slot(of: key)
    if let known = cache.ids(of: key, in: slot) {
      found.ids.append(known)
      return path.removeAll()
    }
    let first = found.ids.count
    path.finish(&found)
    // Of a run of bytes, those past the limit were left out.
    if !found.isFull { cache.set(found.ids[first...], for: key, in: slot) }
  }

  /// Ends what the splitter takes as one text.
  mutating func endText() {
    endWord()
    isAtStart = true
  }
}
