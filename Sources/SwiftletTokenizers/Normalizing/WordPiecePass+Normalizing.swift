// SPDX-License-Identifier: Apache-2.0

/// The steps of BERT's normalizer for a scalar that is not ASCII, in the order of the reference (`tokenizers`,
/// normalizers/bert). Each step calls the next one; the last calls the splitter.
extension WordPiecePass {
  /// Reads the scalar at `position` and the combining marks after it that NFD may sort together with its own. Returns
  /// where the next scalar starts.
  mutating func normalizeScalar(
    at position: Int, to end: Int, in text: Span<UInt8>
  ) throws(TokenizerError) -> Int {
    let (scalar, byteCount) = try text.scalar(at: position)
    let next = position + byteCount
    clean(scalar, from: position..<next)
    return marks.isEmpty ? next : try readMarks(from: next, to: end, in: text)
  }

  /// Step 1: drops controls and their like; white space becomes a space.
  private mutating func clean(_ scalar: UInt32, from origin: Range<Int>) {
    let properties = stages.tables.properties(of: scalar)
    guard stages.normalization.cleansText else {
      return isolateIdeograph(scalar, properties, from: origin)
    }
    if properties.isRemoved { return }
    if properties.isWhitespace { return space(from: origin) }
    isolateIdeograph(scalar, properties, from: origin)
  }

  private mutating func space(from origin: Range<Int>) {
    if normalized == nil { endWord() } else { normalized?.append(0x20, from: origin) }
  }

  /// Step 2: a space on either side of a CJK ideograph.
  @inline(__always)
  private mutating func isolateIdeograph(
    _ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>
  ) {
    guard properties.isIdeograph && stages.normalization.isolatesIdeographs else {
      return decompose(scalar, properties, from: origin)
    }
    space(from: origin)
    decompose(scalar, properties, from: origin)
    space(from: origin)
  }

  /// Step 3: canonical decomposition. Marks wait in `marks` until their run is complete.
  private mutating func decompose(
    _ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>
  ) {
    guard stages.normalization.stripsAccents else { return lowercase(scalar, properties, from: origin) }
    if properties.hasDecomposition {
      var isFirst = true
      for part in stages.tables.decomposition(properties) {
        reorder(part, stages.tables.properties(of: part), from: origin, isFirst: isFirst)
        isFirst = false
      }
    } else if HangulSyllable.contains(scalar) {
      let jamo = HangulSyllable.decomposition(scalar)
      split(jamo.leading, stages.tables.properties(of: jamo.leading), from: origin)
      split(jamo.vowel, stages.tables.properties(of: jamo.vowel), from: origin)
      if let trailing = jamo.trailing {
        split(trailing, stages.tables.properties(of: trailing), from: origin)
      }
    } else {
      reorder(scalar, properties, from: origin, isFirst: true)
    }
  }

  /// Canonical ordering: a stable sort of the marks between two starters by rank.
  private mutating func reorder(
    _ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>, isFirst: Bool
  ) {
    if properties.combiningRank == 0 {
      precondition(marks.isEmpty, "no scalar is made into a mark and then a starter")
      stripAccent(scalar, properties, from: origin)
    } else {
      marks.append(
        scalar, properties, from: origin, isFirst: isFirst, limit: normalized == nil ? word.scalarLimit : .max - 1)
    }
  }

  /// Collects marks up to the next other scalar. Scalars that cleaning drops do not end the run.
  private mutating func readMarks(from start: Int, to end: Int, in text: Span<UInt8>) throws(TokenizerError) -> Int {
    var position = start
    while position < end {
      let (scalar, byteCount) = try text.scalar(at: position)
      let properties = stages.tables.properties(of: scalar)
      let isDropped = properties.isRemoved && stages.normalization.cleansText
      guard isDropped || stages.tables.startsWithMark(properties) else { break }
      clean(scalar, from: position..<position + byteCount)
      position += byteCount
    }
    endMarks(in: text)
    return position
  }

  /// Passes on the collected marks in canonical order. Finds their origins by reading the run again.
  private mutating func endMarks(in text: Span<UInt8>) {
    guard !marks.isEmpty else { return }
    var (position, origin, originCount) = (marks.start, marks.firstOrigin, 0)
    for mark in marks.removeSorted() {
      while ranges != nil, originCount < mark.origin, let (scalar, byteCount) = try? text.scalar(at: position) {
        let isDropped = stages.normalization.cleansText && stages.tables.properties(of: scalar).isRemoved
        if !isDropped {
          origin = position..<position + byteCount
          originCount += 1
        }
        position += byteCount
      }
      stripAccent(mark.scalar, stages.tables.properties(of: mark.scalar), from: origin)
    }
  }

  /// Step 4: drops nonspacing marks.
  private mutating func stripAccent(
    _ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>
  ) {
    if !properties.isNonspacing { lowercase(scalar, properties, from: origin) }
  }

  /// Step 5: lowercase, each scalar by itself.
  private mutating func lowercase(
    _ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>
  ) {
    guard stages.normalization.lowercases && properties.hasLowercase else {
      return split(scalar, properties, from: origin)
    }
    for part in stages.tables.lowercase(properties) {
      split(part, stages.tables.properties(of: part), from: origin)
    }
  }
}

/// Canonical decomposition of Hangul by arithmetic.
///
/// The Unicode Standard, section 3.12, "Conjoining Jamo Behavior".
private enum HangulSyllable {
  static func contains(_ scalar: UInt32) -> Bool { scalar &- 0xAC00 < 11172 }

  /// Leading consonant, vowel and, if there is one, trailing consonant.
  static func decomposition(_ scalar: UInt32) -> (leading: UInt32, vowel: UInt32, trailing: UInt32?) {
    let index = scalar - 0xAC00
    let trailing = index % 28
    return (0x1100 + index / 588, 0x1161 + index % 588 / 28, trailing == 0 ? nil : 0x11A7 + trailing)
  }
}
