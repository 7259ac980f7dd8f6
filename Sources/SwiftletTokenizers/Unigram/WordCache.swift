// SPDX-License-Identifier: Apache-2.0

/// The pieces of words met lately. Texts repeat words, and to look one up is quicker than to search its best path.
///
/// Each word has one slot, whatever was there is replaced. What a word becomes does not depend on the cache.
struct WordCache {
  private var keys = ContiguousArray(repeating: ByteWindow(bits: 0), count: WordCache.slotCount)
  /// Up to four ids, -1 behind the last.
  private var ids = ContiguousArray(repeating: SIMD4<Int32>(repeating: -1), count: WordCache.slotCount)

  private static let slotCount = 1 << 15
  /// Words of more pieces are not kept.
  static let maximumPieceCount = 4

  @inline(__always)
  static func slot(of key: ByteWindow) -> Int { Int(truncatingIfNeeded: key.hash()) & (slotCount &- 1) }

  /// The ids of the word with a key other than zero; nil if they are not known.
  @inline(__always)
  func ids(of key: ByteWindow, in slot: Int) -> SIMD4<Int32>? { keys[slot] == key ? ids[slot] : nil }

  mutating func set(_ newIDs: ArraySlice<Int32>, for key: ByteWindow, in slot: Int) {
    guard newIDs.count <= Self.maximumPieceCount else { return }
    var padded = SIMD4<Int32>(repeating: -1)
    for (index, id) in newIDs.enumerated() { padded[index] = id }
    keys[slot] = key
    ids[slot] = padded
  }
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
