// SPDX-License-Identifier: Apache-2.0

/// The normalized word being read: at most `scalarLimit` of its scalars, and the number of all.
///
/// One buffer serves all words of a text; nothing is allocated for a word.
struct WordBuffer {
  /// The word in UTF-8, as far as it is kept.
  private(set) var byteCount = 0
  /// All scalars of the word, those past the limit included.
  private(set) var scalarCount = 0
  let scalarLimit: Int
  /// The word behind room for the prefix, as ``WordPieceModel/appendPieces(of:count:to:ends:)`` wants it.
  private var memory: ContiguousArray<UInt8>
  /// Where the word starts in `memory`.
  private let start: Int

  /// The place in the text of each byte's scalar; nil if not needed.
  private(set) var origins: [Range<Int>]?
  /// Where the last scalar comes from, kept or not.
  private(set) var lastOrigin = 0..<0

  var isEmpty: Bool { scalarCount == 0 }
  var isTooLong: Bool { scalarCount > scalarLimit }

  /// A buffer for the words that a model splits.
  init(_ model: WordPieceModel, tracksOrigins: Bool) {
    scalarLimit = model.longestWord
    start = model.prefix.count
    // A scalar has up to four bytes.
    memory = ContiguousArray(repeating: 0, count: model.memoryCount(wordBytes: model.longestWord * 4))
    origins = tracksOrigins ? [] : nil
  }

  /// Appends the ids of the word's pieces, and to `ends` where each ends in the word, if `ends` is wanted.
  mutating func appendPieces(_ model: WordPieceModel, to pieces: inout OutputSpan<Int32>, ends: inout [Int]?) {
    let count = byteCount
    var memory = memory.mutableSpan
    model.appendPieces(of: &memory, count: count, to: &pieces, ends: &ends)
  }

  /// Appends what `actions` makes of the ASCII letters of `text` from `start` on, up to the first that is no
  /// part of a word, and returns where that is.
  mutating func appendASCII(of text: Span<UInt8>, from first: Int, to end: Int, actions: ContiguousArray<UInt8>) -> Int
  {
    let room = max(scalarLimit - scalarCount, 0)
    let target = start + byteCount
    var memory = memory.mutableSpan
    var position = first
    while position < end {
      let action = actions[Int(text[position])]
      guard action < 0x80 else { break }
      if position - first < room { memory[target + position - first] = action }
      position += 1
    }
    let count = position - first
    byteCount += min(count, room)
    scalarCount += count
    if origins != nil {
      origins?.append(contentsOf: (first..<first + min(count, room)).map { $0..<$0 + 1 })
      lastOrigin = position - 1..<position
    }
    return position
  }

  mutating func append(_ scalar: UInt32, from origin: Range<Int>) {
    scalarCount += 1
    lastOrigin = origin
    guard scalarCount <= scalarLimit else { return }
    let target = start + byteCount
    func continuation(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: scalar >> shift & 0x3F | 0x80) }
    switch scalar {
    case ..<0x80:
      memory[target] = UInt8(truncatingIfNeeded: scalar)
      byteCount += 1
    case ..<0x800:
      memory[target] = UInt8(truncatingIfNeeded: scalar >> 6 | 0xC0)
      memory[target + 1] = continuation(0)
      byteCount += 2
    case ..<0x10000:
      memory[target] = UInt8(truncatingIfNeeded: scalar >> 12 | 0xE0)
      memory[target + 1] = continuation(6)
      memory[target + 2] = continuation(0)
      byteCount += 3
    default:
      memory[target] = UInt8(truncatingIfNeeded: scalar >> 18 | 0xF0)
      memory[target + 1] = continuation(12)
      memory[target + 2] = continuation(6)
      memory[target + 3] = continuation(0)
      byteCount += 4
    }
    if let known = origins?.count { origins?.append(contentsOf: repeatElement(origin, count: byteCount - known)) }
  }

  mutating func removeAll() {
    byteCount = 0
    scalarCount = 0
    origins?.removeAll(keepingCapacity: true)
  }
}
