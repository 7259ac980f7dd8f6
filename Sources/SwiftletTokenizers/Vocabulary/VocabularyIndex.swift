// SPDX-License-Identifier: Apache-2.0

/// From text to id: an open-addressing table over the tokens of the `Vocabulary` that owns its memory.
///
/// Most tokens have at most sixteen bytes and are compared as one number, their key. The others, and those that end in
/// NUL, which a key does not tell from its padding, are compared byte by byte.
///
/// Texts to look for lie in memory of which `ByteWindow.byteCount` bytes more can be read than they have.
struct VocabularyIndex: @unchecked Sendable {
  /// UTF-8 of all tokens.
  let bytes: UnsafePointer<UInt8>
  /// The place of each id's text in `bytes`; nil where no token has the id.
  let places: UnsafeBufferPointer<Vocabulary.Place?>
  /// Each id's key; 0 where it has none.
  let keys: UnsafeBufferPointer<ByteWindow>
  /// A power of two of slots: bits of the hash above the id + 1, or 0.
  let slots: UnsafeBufferPointer<UInt32>
  /// Which lengths tokens have whose first bytes have the same hash: bit l of a power of two of numbers.
  let lengths: UnsafeBufferPointer<UInt32>

  /// How many slots there are for so many tokens: three quarters are empty or more, so most searches end at the first.
  static func slotCount(tokens: Int) -> Int { 1 << (Int.bitWidth - (tokens * 2 | 7).leadingZeroBitCount + 1) }

  /// How many numbers `lengths` has for so many tokens.
  static func lengthsCount(tokens: Int) -> Int { max(slotCount(tokens: tokens) / 8, 1) }

  /// A number that has bit l set if a token of l bytes may start with those at `text`, l < 32.
  @inline(__always)
  func lengths(at text: UnsafePointer<UInt8>) -> UInt32 {
    lengths[lengthsPlace(of: ByteWindow(at: text))] | (1 &<< UInt32(Self.startCount) &- 1)
  }

  /// Where `lengths` has those of the tokens with the same start.
  @inline(__always)
  func lengthsPlace(of start: ByteWindow) -> Int {
    Int(truncatingIfNeeded: start.prefix(Self.startCount).hash()) & (lengths.count &- 1)
  }

  /// How many bytes the start of a token is that selects its number in `lengths`; shorter ones have none.
  static let startCount = 5
  private static let idBits: UInt32 = 23
  private static let idMask: UInt32 = 1 << idBits - 1

  /// The id of the token with this key; O(1) expected.
  @inline(__always)
  func id(of key: ByteWindow) -> Int32? {
    id(at: slot(hash: key.hash()) { keys[$0] == key })
  }

  /// The id of the token that is the `count` bytes at `text`; O(count / 16) expected.
  @inline(__always)
  func id(of text: UnsafePointer<UInt8>, count: Int) -> Int32? {
    guard let key = Self.key(of: text, count: count) else { return id(at: slot(of: text, count: count)) }
    return id(of: key)
  }

  @inline(__always)
  static func key(of text: UnsafePointer<UInt8>, count: Int) -> ByteWindow? {
    guard 1...ByteWindow.byteCount ~= count, text[count &- 1] != 0 else { return nil }
    return ByteWindow(at: text).prefix(count)
  }

  static func hash(of text: UnsafePointer<UInt8>, count: Int) -> UInt64 {
    var hash: UInt64 = 0
    for start in stride(from: 0, to: count, by: ByteWindow.byteCount) {
      hash = ByteWindow(at: text + start).prefix(min(count - start, ByteWindow.byteCount)).hash(after: hash)
    }
    return hash
  }

  /// The slot of a text, empty if no token in the table has it.
  func slot(of text: UnsafePointer<UInt8>, count: Int) -> Int {
    slot(hash: Self.hash(of: text, count: count)) { id in
      guard let place = places[id], Int(place.count) == count else { return false }
      return (0..<count).allSatisfy { bytes[Int(place.start) + $0] == text[$0] }
    }
  }

  /// What the slot of a text holds that is the token `id`.
  static func entry(id: Int, hash: UInt64) -> UInt32 { UInt32(id + 1) | UInt32(truncatingIfNeeded: hash) << idBits }

  /// The id in a slot.
  @inline(__always)
  func id(at slot: Int) -> Int32? {
    let id = slots[slot] & Self.idMask
    return id == 0 ? nil : Int32(bitPattern: id &- 1)
  }

  /// Where a search for the hash starts.
  @inline(__always)
  func firstSlot(hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash &>> 32) & (slots.count &- 1)
  }

  @inline(__always)
  private func slot(hash: UInt64, where isText: (Int) -> Bool) -> Int {
    // SAFETY: the mask leaves a slot that is there; ids in slots have a key and a place.
    var slot = firstSlot(hash: hash)
    while true {
      let entry = slots[slot]
      if entry == 0 { return slot }
      if (entry ^ UInt32(truncatingIfNeeded: hash) &<< Self.idBits) >> Self.idBits == 0,
        isText(Int(entry & Self.idMask) &- 1)
      {
        return slot
      }
      slot = (slot &+ 1) & (slots.count &- 1)
    }
  }
}
