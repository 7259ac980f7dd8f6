// SPDX-License-Identifier: Apache-2.0

/// The pieces of words met lately. Texts repeat words, and to look one up is quicker than to search its best path.
///
/// Each word has one slot; a new word replaces what was there. What a word becomes does not depend on the cache.
struct WordCache<Key: WordKey>: ~Copyable {
  private var keys: ContiguousArray<Key>
  /// Up to four ids, -1 behind the last.
  private var ids: ContiguousArray<SIMD4<Int32>>

  /// Words of more pieces are not kept.
  static var maximumPieceCount: Int { 4 }

  /// - Parameter slotCount: a power of two.
  init(slotCount: Int) {
    keys = ContiguousArray(repeating: .empty, count: slotCount)
    ids = ContiguousArray(repeating: SIMD4(repeating: -1), count: slotCount)
  }

  @inline(__always)
  func slot(of key: Key) -> Int { Int(truncatingIfNeeded: key.wordHash) & (keys.count &- 1) }

  /// The ids of the word with a key other than the empty one; nil if they are not known.
  @inline(__always)
  func ids(of key: Key, in slot: Int) -> SIMD4<Int32>? { keys[slot] == key ? ids[slot] : nil }

  mutating func set(_ newIDs: ArraySlice<Int32>, for key: Key, in slot: Int) {
    guard newIDs.count <= Self.maximumPieceCount else { return }
    var padded = SIMD4<Int32>(repeating: -1)
    for (index, id) in newIDs.enumerated() { padded[index] = id }
    keys[slot] = key
    ids[slot] = padded
  }
}

/// The words of a thread's texts.
struct WordCaches: ~Copyable {
  var short = WordCache<ByteWindow>(slotCount: 1 << 15)
  var long = WordCache<LongWord>(slotCount: 1 << 13)
}

/// The bytes of a word, of which the last is not zero, with zeros behind.
protocol WordKey: Equatable {
  static var empty: Self { get }
  var wordHash: UInt64 { get }
}

/// A word of up to sixteen bytes.
extension ByteWindow: WordKey {
  static var empty: ByteWindow { ByteWindow(bits: 0) }
  @inline(__always) var wordHash: UInt64 { hash() }
}

/// A word of seventeen to thirty-two bytes: in many scripts one of six to ten letters.
struct LongWord: WordKey {
  let start: ByteWindow
  let end: ByteWindow

  static var byteCounts: ClosedRange<Int> { ByteWindow.byteCount + 1...2 * ByteWindow.byteCount }
  static var empty: LongWord { LongWord(start: .empty, end: .empty) }
  @inline(__always) var wordHash: UInt64 { end.hash(after: start.hash()) }
}

extension [Int32] {
  /// Appends ids up to the first that is negative.
  @inline(__always)
  mutating func append(_ ids: SIMD4<Int32>) {
    append(ids[0])
    guard ids[1] >= 0 else { return }
    append(ids[1])
    guard ids[2] >= 0 else { return }
    append(ids[2])
    if ids[3] >= 0 { append(ids[3]) }
  }
}
