// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The normalized word being read: its first `scalarLimit` scalars, and the number of all.
///
/// One buffer serves all words of a text; nothing is allocated for a word.
struct WordBuffer: ~Copyable {
  /// The number of bytes kept.
  private(set) var byteCount = 0
  /// The number of scalars, those past the limit included.
  private(set) var scalarCount = 0
  let scalarLimit: Int
  /// Room for the prefix, then the word, as ``WordPieceModel/forEachPiece(of:count:_:_:_:_:)`` requires.
  private var memory: OwnedBytes
  /// Where the word starts in `memory`.
  private let start: Int

  /// The place in the text of each byte's scalar; nil if not needed.
  private(set) var origins: [Range<Int>]?
  /// The origin of the last scalar, even if that is past the limit.
  private(set) var lastOrigin = 0..<0

  var isEmpty: Bool { scalarCount == 0 }
  var isTooLong: Bool { scalarCount > scalarLimit }

  /// A buffer for the words that a model splits.
  init(_ model: WordPieceModel, tracksOrigins: Bool) {
    scalarLimit = model.maximumWordScalarCount
    start = model.prefix.count
    // A scalar has up to four bytes.
    memory = OwnedBytes(count: model.memoryCount(wordBytes: model.maximumWordScalarCount * 4))
    origins = tracksOrigins ? [] : nil
  }

  /// Splits the word into pieces as ``WordPieceModel/forEachPiece(of:count:_:_:_:_:)`` does.
  @inline(__always)
  mutating func forEachPiece(_ model: WordPieceModel, _ body: (_ id: Int32, _ end: Int) -> Void) -> Bool {
    let count = byteCount
    return memory.withMutableSpan { memory in
      model.vocabulary.index.withTables { slots, keys, lengths in
        model.forEachPiece(of: &memory, count: count, slots, keys, lengths, body)
      }
    }
  }

  /// Appends what `actions` gives for the ASCII bytes from `first` on. Stops at the first byte that is not part of a
  /// word, or at `end`, and returns that position.
  mutating func appendASCII(of text: Span<UInt8>, from first: Int, to end: Int, actions: ContiguousArray<UInt8>) -> Int
  {
    let room = max(scalarLimit - scalarCount, 0)
    let target = start + byteCount
    let position = memory.withMutableSpan { memory in
      var position = first
      while position < end {
        let action = actions[Int(text[position])]
        guard action < 0x80 else { break }
        if position - first < room { memory[target + position - first] = action }
        position += 1
      }
      return position
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
    let (utf8, count) = utf8Bytes(of: scalar)
    memory.store(utf8.littleEndian, at: start + byteCount)
    byteCount += count
    if let known = origins?.count { origins?.append(contentsOf: repeatElement(origin, count: byteCount - known)) }
  }

  mutating func removeAll() {
    byteCount = 0
    scalarCount = 0
    origins?.removeAll(keepingCapacity: true)
  }
}
