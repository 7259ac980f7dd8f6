// SPDX-License-Identifier: Apache-2.0

/// An open-addressing hash table from the tokens of a `Vocabulary` to their ids.
///
/// Most tokens have at most sixteen bytes and are compared as one number, their key. Longer tokens are compared byte by
/// byte. So are tokens that end in NUL, since a key cannot tell NUL from its padding.
///
/// A text to look up must be followed by `ByteWindow.byteCount` more bytes. This is a class, so that look-ups do not
/// count references to its arrays.
final class VocabularyIndex: Sendable {
  /// The UTF-8 of all tokens, followed by the bytes of one window.
  let bytes: ContiguousArray<UInt8>
  /// The place of each id's text in `bytes`; nil where no token has the id.
  let places: ContiguousArray<Vocabulary.Place?>
  /// Each id's key; 0 where it has none.
  private let keys: ContiguousArray<ByteWindow>
  /// The slots, a power of two: bits of the hash above the id + 1; 0 if empty.
  private let slots: ContiguousArray<UInt32>
  /// Masks of token lengths, a power of two: bit l is set if a token of l bytes has this hash of its first bytes.
  private let lengths: ContiguousArray<UInt32>

  /// The number of first bytes that select a token's mask in `lengths`. Shorter tokens are in no mask.
  static let startCount = 5
  private static let idBits: UInt32 = 23
  private static let idMask: UInt32 = 1 << idBits - 1

  /// Whether a token ends in NUL, so that its key does not find it. No vocabulary made for a model has one.
  private let hasTokenEndingInNUL: Bool

  private init(_ builder: borrowing Builder) {
    hasTokenEndingInNUL = builder.hasTokenEndingInNUL
    bytes = builder.bytes
    places = builder.places
    keys = builder.keys
    slots = builder.slots
    lengths = builder.lengths
  }

  // MARK: Looking for tokens

  /// Lends the tables to `body`, for its look-ups. Fetching the tables at each look-up would count references.
  @inline(__always)
  func withTables<Result>(
    _ body: (_ slots: Span<UInt32>, _ keys: Span<ByteWindow>, _ lengths: Span<UInt32>) -> Result
  ) -> Result {
    Self.lend(slots, keys, lengths, body)
  }

  @inline(__always)
  private static func lend<Result>(
    _ slots: ContiguousArray<UInt32>, _ keys: ContiguousArray<ByteWindow>, _ lengths: ContiguousArray<UInt32>,
    _ body: (Span<UInt32>, Span<ByteWindow>, Span<UInt32>) -> Result
  ) -> Result {
    body(slots.span, keys.span, lengths.span)
  }

  /// A mask with bit l set, l < 32, if a token of l bytes may start with those of the window.
  @inline(__always)
  static func lengths(from start: ByteWindow, _ lengths: Span<UInt32>) -> UInt32 {
    lengths[place(of: start, lengths.count)] | (1 &<< UInt32(startCount) &- 1)
  }

  /// The id of the token with this key; O(1) expected.
  @inline(__always)
  static func id(of key: ByteWindow, _ slots: Span<UInt32>, _ keys: Span<ByteWindow>) -> Int32? {
    id(in: slots[slot(hash: key.hash(), slots) { keys[$0] == key }])
  }

  /// The id of the token that equals the `count` bytes, at least one, of `text` at `start`; O(count / 16) expected.
  ///
  /// - Parameter window: the bytes there.
  @inline(__always)
  func id(
    of text: Span<UInt8>, at start: Int, count: Int, _ window: ByteWindow, _ slots: Span<UInt32>,
    _ keys: Span<ByteWindow>
  ) -> Int32? {
    if count <= ByteWindow.byteCount, !hasTokenEndingInNUL {
      guard let id = Self.id(of: window.prefix(count), slots, keys) else { return nil }
      // If the text ends in NUL, the token found is shorter than the text.
      return text[start &+ count &- 1] == 0 ? nil : id
    }
    return idByBytes(of: text, at: start, count: count, slots)
  }

  /// The id of the token that equals the `count` bytes of `text` at `start`.
  func id(of text: Span<UInt8>, at start: Int, count: Int) -> Int32? {
    withTables { slots, _, _ in idByBytes(of: text, at: start, count: count, slots) }
  }

  @inline(never)
  private func idByBytes(of text: Span<UInt8>, at start: Int, count: Int, _ slots: Span<UInt32>) -> Int32? {
    let slot = Self.slot(hash: Self.hash(of: text, at: start, count: count), slots) { id in
      Self.isText(at: places[id], in: bytes, text, at: start, count: count)
    }
    return Self.id(in: slots[slot])
  }

  // MARK: Texts

  @inline(__always)
  private static func key(of text: Span<UInt8>, at start: Int, count: Int) -> ByteWindow? {
    guard 1...ByteWindow.byteCount ~= count, text[start &+ count &- 1] != 0 else { return nil }
    return ByteWindow(text, at: start).prefix(count)
  }

  private static func hash(of text: Span<UInt8>, at start: Int, count: Int) -> UInt64 {
    var hash: UInt64 = 0
    for offset in stride(from: 0, to: count, by: ByteWindow.byteCount) {
      let window = ByteWindow(text, at: start + offset)
      hash = window.prefix(min(count - offset, ByteWindow.byteCount)).hash(after: hash)
    }
    return hash
  }

  /// Whether the text at `place` is the `count` bytes of `text` at `start`.
  private static func isText(
    at place: Vocabulary.Place?, in bytes: ContiguousArray<UInt8>, _ text: Span<UInt8>, at start: Int, count: Int
  ) -> Bool {
    guard let place, Int(place.count) == count else { return false }
    return (0..<count).allSatisfy { bytes[Int(place.start) + $0] == text[start + $0] }
  }

  // MARK: Slots

  /// The id in the entry of a slot.
  @inline(__always)
  private static func id(in entry: UInt32) -> Int32? {
    let id = entry & idMask
    return id == 0 ? nil : Int32(bitPattern: id &- 1)
  }

  /// The slot where the search for a hash starts.
  @inline(__always)
  private static func firstSlot(hash: UInt64, _ slotCount: Int) -> Int {
    Int(truncatingIfNeeded: hash &>> 32) & (slotCount &- 1)
  }

  /// The index in `lengths` of tokens with this start.
  @inline(__always)
  private static func place(of start: ByteWindow, _ lengthsCount: Int) -> Int {
    Int(truncatingIfNeeded: start.prefix(startCount).hash()) & (lengthsCount &- 1)
  }

  /// The slot of the token whose id satisfies `isText`; an empty slot if there is none.
  @inline(__always)
  private static func slot(hash: UInt64, _ slots: Span<UInt32>, where isText: (Int) -> Bool) -> Int {
    var slot = firstSlot(hash: hash, slots.count)
    while true {
      let entry = slots[slot]
      if entry == 0 { return slot }
      if (entry ^ UInt32(truncatingIfNeeded: hash) &<< idBits) >> idBits == 0, isText(Int(entry & idMask) &- 1) {
        return slot
      }
      slot = (slot &+ 1) & (slots.count &- 1)
    }
  }

  // MARK: Building

  /// An index to which tokens are still added.
  struct Builder: ~Copyable {
    fileprivate let bytes: ContiguousArray<UInt8>
    fileprivate let places: ContiguousArray<Vocabulary.Place?>
    fileprivate let keys: ContiguousArray<ByteWindow>
    fileprivate var slots: ContiguousArray<UInt32>
    fileprivate var lengths: ContiguousArray<UInt32>
    fileprivate let hasTokenEndingInNUL: Bool

    init(bytes: ContiguousArray<UInt8>, places: ContiguousArray<Vocabulary.Place?>) {
      let bytes = bytes + repeatElement(0, count: ByteWindow.byteCount)
      self.bytes = bytes
      self.places = places
      keys = ContiguousArray(
        places.map { place in
          place.flatMap { key(of: bytes.span, at: Int($0.start), count: Int($0.count)) } ?? ByteWindow(bits: 0)
        })
      hasTokenEndingInNUL = places.contains { $0.map { $0.count > 0 && bytes[$0.range.upperBound - 1] == 0 } ?? false }
      // At most a quarter of the slots is in use, so most searches end at the first.
      let slotCount = 1 << (Int.bitWidth - (places.count * 2 | 7).leadingZeroBitCount + 1)
      slots = ContiguousArray(repeating: 0, count: slotCount)
      lengths = ContiguousArray(repeating: 0, count: max(slotCount / 8, 1))
    }

    /// Makes `id` the id of the text at a place. Returns whether no other id had it, and the number of slots passed.
    mutating func insert(_ id: Int, at place: Vocabulary.Place) -> (isNew: Bool, steps: Int) {
      let (start, count) = (Int(place.start), Int(place.count))
      let hash = VocabularyIndex.hash(of: bytes.span, at: start, count: count)
      let slot = slot(of: start, count, hash)
      let isNew = slots[slot] == 0
      slots[slot] = UInt32(id + 1) | UInt32(truncatingIfNeeded: hash) << idBits
      if startCount..<UInt32.bitWidth ~= count {
        lengths[VocabularyIndex.place(of: ByteWindow(bytes.span, at: start), lengths.count)] |= 1 << UInt32(count)
      }
      return (isNew, (slot - firstSlot(hash: hash, slots.count)) & (slots.count - 1))
    }

    private func slot(of start: Int, _ count: Int, _ hash: UInt64) -> Int {
      VocabularyIndex.slot(hash: hash, slots.span) { id in
        isText(at: places[id], in: bytes, bytes.span, at: start, count: count)
      }
    }

    /// The index of all tokens added.
    var index: VocabularyIndex { VocabularyIndex(self) }
  }
}
