// SPDX-License-Identifier: Apache-2.0

/// A vocabulary's tables, lent by `Vocabulary.withIndex`: pointers, so that a look-up costs no reference
/// count.
struct VocabularyIndex {
  let bytes: UnsafeBufferPointer<UInt8>
  let places: UnsafeBufferPointer<Vocabulary.Place?>
  let slots: UnsafeBufferPointer<UInt64>
  let slotShift: UInt64

  /// The id of the token that is `prefix` followed by `text`, given the hash of the two together.
  ///
  /// O(1) expected, one comparison of bytes at a hit.
  @inline(__always)
  func id(
    of text: UnsafeBufferPointer<UInt8>, after prefix: UnsafeBufferPointer<UInt8>, hash: Vocabulary.Hash
  ) -> Int32? {
    // SAFETY: slots are a power of two, of which `slotShift` leaves as many bits; ids in them have a place in
    // `places`, places lie in `bytes`. All as `Vocabulary.init` made them.
    var slot = Int(truncatingIfNeeded: hash >> slotShift)
    while slots[slot] != 0 {
      if slots[slot] >> 32 == hash & 0xFFFF_FFFF {
        let id = Int(truncatingIfNeeded: slots[slot] & 0xFFFF_FFFF) - 1
        if let place = places[id], matches(place, prefix, text) { return Int32(truncatingIfNeeded: id) }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  @inline(__always)
  private func matches(
    _ place: Vocabulary.Place, _ prefix: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard Int(place.count) == prefix.count + text.count else { return false }
    let start = Int(place.start)
    for i in 0..<prefix.count where bytes[start + i] != prefix[i] { return false }
    for i in 0..<text.count where bytes[start + prefix.count + i] != text[i] { return false }
    return true
  }
}
