// SPDX-License-Identifier: Apache-2.0

/// The word being read, normalised: at most `scalarLimit` scalars of it, and how many there were.
///
/// Its memory is the pass's over a text; nothing is allocated for a word.
struct WordBuffer {
  /// The word in UTF-8, as far as it is kept.
  private(set) var byteCount = 0
  /// All scalars of the word, those past the limit included.
  private(set) var scalarCount = 0
  let scalarLimit: Int
  /// The word, with the room a `WordMatcher` asks for.
  let bytes: UnsafeMutablePointer<UInt8>

  /// Where the scalar of each byte comes from in the text; nil if nobody asks.
  private(set) var origins: [Range<Int>]?
  /// Where the last scalar comes from, kept or not.
  private(set) var lastOrigin = 0..<0

  var isEmpty: Bool { scalarCount == 0 }
  var isTooLong: Bool { scalarCount > scalarLimit }

  /// A buffer for words of up to `scalarLimit` scalars, in memory of `capacity` bytes.
  init(scalarLimit: Int, memory: UnsafeMutablePointer<UInt8>, tracksOrigins: Bool) {
    self.scalarLimit = scalarLimit
    bytes = memory
    bytes.initialize(repeating: 0, count: WordBuffer.capacity(scalarLimit: scalarLimit))
    origins = tracksOrigins ? [] : nil
  }

  /// A scalar has up to four bytes.
  static func capacity(scalarLimit: Int) -> Int { scalarLimit * 4 + 2 * ByteWindow.byteCount }

  /// Appends what `table` makes of the ASCII letters of `text` from `start` on, up to the first that is no
  /// part of a word, and returns where that is.
  @inline(__always)
  mutating func appendASCII(
    of text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, actions table: UnsafeBufferPointer<UInt8>
  ) -> Int {
    let room = max(scalarLimit - scalarCount, 0)
    let target = bytes + byteCount
    var position = start
    while position < end {
      let action = table[Int(text[position])]
      guard action < 0x80 else { break }
      // SAFETY: `room` scalars of one byte fit behind the bytes already there.
      if position - start < room { target[position - start] = action }
      position += 1
    }
    let count = position - start
    byteCount += min(count, room)
    scalarCount += count
    if origins != nil {
      origins?.append(contentsOf: (start..<start + min(count, room)).map { $0..<$0 + 1 })
      lastOrigin = position - 1..<position
    }
    return position
  }

  mutating func append(_ scalar: UInt32, from origin: Range<Int>) {
    scalarCount += 1
    lastOrigin = origin
    guard scalarCount <= scalarLimit else { return }
    // SAFETY: at most `scalarLimit` scalars of at most four bytes are kept.
    let target = bytes + byteCount
    func continuation(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: scalar >> shift & 0x3F | 0x80) }
    defer {
      if let known = origins?.count { origins?.append(contentsOf: repeatElement(origin, count: byteCount - known)) }
    }
    switch scalar {
    case ..<0x80:
      target[0] = UInt8(truncatingIfNeeded: scalar)
      byteCount += 1
    case ..<0x800:
      target[0] = UInt8(truncatingIfNeeded: scalar >> 6 | 0xC0)
      target[1] = continuation(0)
      byteCount += 2
    case ..<0x10000:
      target[0] = UInt8(truncatingIfNeeded: scalar >> 12 | 0xE0)
      target[1] = continuation(6)
      target[2] = continuation(0)
      byteCount += 3
    default:
      target[0] = UInt8(truncatingIfNeeded: scalar >> 18 | 0xF0)
      target[1] = continuation(12)
      target[2] = continuation(6)
      target[3] = continuation(0)
      byteCount += 4
    }
  }

  mutating func removeAll() {
    byteCount = 0
    scalarCount = 0
    origins?.removeAll(keepingCapacity: true)
  }
}
