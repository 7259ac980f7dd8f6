// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The first stage of the normalizer: replacements of characters, as the reference does them (`tokenizers`,
/// normalizers/precompiled).
///
/// A grapheme cluster of fewer than six bytes is looked up whole, and is replaced by what its shortest known beginning stands
/// for, whatever follows in the cluster. All else is looked up scalar by scalar.
extension UnigramPass {
  /// Normalizes a stretch of text that holds no added token, and hands it on.
  mutating func normalize(_ stretch: Range<Int>, of text: Span<UInt8>) throws(TokenizerError) {
    steps.begin()
    if stages.normalization.lowercases {
      let lowercased = try lowercase(stretch, of: text)
      lowercasedOrigins = tracksOrigins ? lowercased.origins : nil
      try replaceCharacters(0..<lowercased.bytes.count, of: lowercased.bytes.span)
      lowercasedOrigins = nil
    } else {
      try replaceCharacters(stretch, of: text)
    }
    if let held = alignment.end() { feed(held.scalar, held.origin) }
    finishSteps()
  }

  /// A stretch in lowercase, scalar by scalar, with the origin of each byte if places are tracked.
  private func lowercase(
    _ stretch: Range<Int>, of text: Span<UInt8>
  ) throws(TokenizerError) -> (bytes: ContiguousArray<UInt8>, origins: ContiguousArray<BestPath.Origin>) {
    var (bytes, origins): (ContiguousArray<UInt8>, ContiguousArray<BestPath.Origin>) = ([], [])
    var position = stretch.lowerBound
    while position < stretch.upperBound {
      let (scalar, byteCount) = try text.scalar(at: position)
      let range = position..<position + byteCount
      let properties = UnicodeTables.shared.properties(of: scalar)
      if properties.hasLowercase {
        for part in UnicodeTables.shared.lowercase(properties) {
          if let utf8 = Unicode.Scalar(part).flatMap({ UTF8.encode($0) }) { bytes += utf8 }
        }
      } else {
        for byte in range { bytes.append(text[byte]) }
      }
      if tracksOrigins {
        origins.append(contentsOf: repeatElement(BestPath.Origin(range), count: bytes.count - origins.count))
      }
      position += byteCount
    }
    return (bytes, origins)
  }

  private mutating func replaceCharacters(_ stretch: Range<Int>, of text: Span<UInt8>) throws(TokenizerError) {
    var position = stretch.lowerBound
    let end = stretch.upperBound
    let readsPlainWords = canReadPlainWords
    if readsPlainWords { position = readPlainWords(text, from: position, to: end) }
    while position < end, !isFull {
      let byte = text[position]
      let next = position + 1 < end ? text[position + 1] : 0
      guard byte < 0x80, next < 0x80, !(byte == UInt8(ascii: "\r") && next == UInt8(ascii: "\n")) else {
        position = try readClusters(from: position, to: end, of: text, readsPlainWords)
        continue
      }
      if readsPlainWords, byte == UInt8(ascii: " "), PlainWords.isWordByte(next), !steps.isPending {
        endWord()
        let reached = readPlainWords(text, from: position, to: end)
        if reached > position {
          position = reached
          continue
        }
      }
      position = readASCII(from: position, to: end, of: text)
    }
  }

  /// Reads ASCII that no other scalar follows: one scalar, or as many as need no more than to be appended to the word.
  private mutating func readASCII(from start: Int, to end: Int, of text: Span<UInt8>) -> Int {
    var position = start
    if canAppendBytes {
      while position < min(end, start + Self.longestRun) {
        let byte = text[position]
        guard byte < 0x80, stages.kinds[UInt32(byte)] & ~ScalarKinds.classMask == 0, byte > UInt8(ascii: " "),
          position + 1 == end || text[position + 1] < 0x80
        else { break }
        position += 1
      }
      if position > start {
        appendPlain(text, start..<position)
        return position
      }
    }
    replaceScalar(UInt32(text[position]), at: position..<position + 1, of: text)
    return position + 1
  }

  /// Whether a scalar that is neither replaced nor a separator can go into the word without passing the stages.
  @inline(__always)
  private var canAppendBytes: Bool {
    !tracksOrigins && normalized == nil && !isAtStart && !steps.isPending && steps.passesWords
  }

  /// Reads clusters up to the first that starts with ASCII.
  private mutating func readClusters(
    from start: Int, to end: Int, of text: Span<UInt8>, _ readsPlainWords: Bool
  ) throws(TokenizerError) -> Int {
    var position = start
    var (scalar, length) = try text.scalar(at: start)
    var kind = stages.kinds[scalar]
    // From here on scalars only need to be appended to the word.
    var plainStart = start
    while true {
      let next = position + length, isLast = next >= end
      let (nextScalar, nextLength) = isLast ? (0, 1) : try text.scalar(at: next)
      let nextKind = stages.kinds[nextScalar]
      if !isLast, stages.kinds.joins(kind, nextKind) {
        appendPlain(text, plainStart..<position)
        return try readCluster(from: position, to: end, of: text)
      }
      let isPlain = kind & ~ScalarKinds.classMask == 0 && (plainStart < position || canAppendBytes)
      if !isPlain || next - plainStart > Self.longestRun {
        appendPlain(text, plainStart..<position)
        if readsPlainWords, scalar == 0x20, !isLast, nextKind & ~ScalarKinds.classMask == 0, !isAtStart,
          !steps.isPending
        {
          // One space between words starts the next, as before a plain word.
          endWord()
          path.append(stages.metaspaceBytes)
        } else {
          replaceScalar(scalar, kind, at: position..<next, of: text)
        }
        plainStart = next
      }
      if nextLength == 1 || isFull {
        appendPlain(text, plainStart..<next)
        return next
      }
      (position, scalar, length, kind) = (next, nextScalar, nextLength, nextKind)
    }
  }

  /// Appends scalars that are neither replaced nor separators to the word.
  @inline(__always)
  private mutating func appendPlain(_ text: Span<UInt8>, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    path.append(text, range)
    if path.needsSearch { searchPart() }
  }

  /// A longer run is searched part by part.
  private static var longestRun: Int { 1 << 12 }

  /// Reads a cluster of several scalars.
  private mutating func readCluster(
    from start: Int, to end: Int, of text: Span<UInt8>
  ) throws(TokenizerError) -> Int {
    func graphemeClass(_ scalar: UInt32) -> GraphemeClass {
      GraphemeClass(rawValue: stages.kinds[scalar] & ScalarKinds.classMask) ?? .other
    }
    let first = try text.scalar(at: start)
    var cluster = GraphemeCluster(startingWith: graphemeClass(first.value))
    var (position, scalarCount) = (start + first.byteCount, 1)
    while position < end, position - start < Self.longCluster {
      let (scalar, byteCount) = try text.scalar(at: position)
      guard cluster.continues(with: graphemeClass(scalar)) else { break }
      position += byteCount
      scalarCount += 1
    }
    if position - start < Self.longCluster, let characters = stages.normalization.characters,
      let replacement = characters.replacement(of: text, start..<position)
    {
      if tracksOrigins {
        var place = start
        while place < position {
          let next = place + (try text.scalar(at: place).byteCount)
          alignment.enter(origin(place..<next))
          place = next
        }
      }
      replace(scalarCount, by: replacement, in: characters)
      return position
    }
    var place = start
    while place < position {
      let (scalar, byteCount) = try text.scalar(at: place)
      replaceScalar(scalar, at: place..<place + byteCount, of: text)
      place += byteCount
    }
    guard position - start >= Self.longCluster else { return position }
    while position < end, !isFull {
      let (scalar, byteCount) = try text.scalar(at: position)
      guard cluster.continues(with: graphemeClass(scalar)) else { break }
      replaceScalar(scalar, at: position..<position + byteCount, of: text)
      position += byteCount
    }
    return position
  }

  /// Clusters of so many bytes are not looked up whole.
  private static var longCluster: Int { 6 }

  private mutating func replaceScalar(_ scalar: UInt32, at range: Range<Int>, of text: Span<UInt8>) {
    replaceScalar(scalar, stages.kinds[scalar], at: range, of: text)
  }

  @inline(__always)
  private mutating func replaceScalar(_ scalar: UInt32, _ kind: UInt8, at range: Range<Int>, of text: Span<UInt8>) {
    if kind & ~ScalarKinds.classMask == 0, canAppendBytes { return appendPlain(text, range) }
    replaceOrFeed(scalar, kind, at: range, of: text)
  }

  @inline(never)
  private mutating func replaceOrFeed(_ scalar: UInt32, _ kind: UInt8, at range: Range<Int>, of text: Span<UInt8>) {
    guard let characters = stages.normalization.characters else { return feed(scalar, origin(range)) }
    if tracksOrigins { alignment.enter(origin(range)) }
    if kind & ScalarKinds.mapped != 0, let replacement = characters.replacement(of: text, range) {
      replace(1, by: replacement, in: characters)
    } else {
      hold(scalar, change: 0)
    }
  }

  /// Where a scalar comes from in the original text.
  private func origin(_ range: Range<Int>) -> BestPath.Origin {
    lowercasedOrigins?[range.lowerBound] ?? BestPath.Origin(range)
  }

  /// Hands on what replaces `count` scalars.
  private mutating func replace(_ count: Int, by replacement: Range<Int>, in characters: CharacterMap) {
    let text = characters.text
    var (position, newCount) = (replacement.lowerBound, 0)
    // The text was checked when it was loaded.
    while position < replacement.upperBound, let (scalar, byteCount) = try? text.span.scalar(at: position) {
      hold(scalar, change: newCount < count ? 0 : 1)
      position += byteCount
      newCount += 1
    }
    if tracksOrigins, newCount < count { alignment.remove(count - newCount) }
  }

  private mutating func hold(_ scalar: UInt32, change: Int) {
    guard tracksOrigins else { return feed(scalar, BestPath.Origin(start: 0, end: 0)) }
    if let before = alignment.hold(scalar, change: change) { feed(before.scalar, before.origin) }
  }
}
