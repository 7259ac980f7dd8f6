// SPDX-License-Identifier: Apache-2.0

/// The tokens of a WordPiece model, from id to text and from text to id.
///
/// All texts lie in one array of bytes; an open-addressing table of hashes finds the id of a text. Tokens are
/// equal if their bytes are. The hash extends byte by byte, so that one walk over a word gives the hashes of
/// all its prefixes, and a continuation ("##ing") is found from its letters alone, by starting from the hash
/// of the prefix.
///
/// Loading 30,522 tokens takes about a millisecond: no string is made.
struct Vocabulary: Sendable {
  typealias Hash = UInt64

  /// The hash of no bytes.
  static let emptyHash: Hash = 0xCBF2_9CE4_8422_2325

  /// FNV-1a's step with the golden ratio for its prime: the upper half, which picks the slot, is well mixed.
  @inline(__always)
  static func extend(_ hash: Hash, with byte: UInt8) -> Hash {
    (hash ^ Hash(byte)) &* 0x9E37_79B9_7F4A_7C15
  }

  /// More are refused; the largest BERT vocabulary in use has half a million.
  static let mostTokens = 1 << 22

  /// One past the highest id: the rows an embedding table needs.
  let count: Int
  /// Bytes of the longest token.
  let longestToken: Int
  /// How many texts an earlier id has already, and the first of them.
  let duplicates: (count: Int, first: String)?

  private let bytes: [UInt8]
  /// The place of each id's text in `bytes`; nil where no token has the id.
  private let places: [Place?]
  /// A power of two of slots: the hash's lower half above the id + 1, or 0.
  private let slots: [UInt64]
  private let slotShift: UInt64

  struct Place {
    let start: UInt32
    let count: UInt32

    /// A range of `bytes`, which are fewer than 2³².
    init(_ range: Range<Int>) {
      start = UInt32(range.lowerBound)
      count = UInt32(range.count)
    }
  }

  /// `bytes` holds the text of token `id` at `places[id]`. If a text occurs twice, the last id has it.
  ///
  /// - Throws: `TokenizerError` that names `path` if texts were chosen so that their hashes collide: finding
  ///   them would take time quadratic in their number.
  init(bytes: [UInt8], places: [Place?], path: String) throws(TokenizerError) {
    var stepsLeft = 1000 + 64 * places.count
    let slotBits = max(4, Int.bitWidth - (places.count * 2).leadingZeroBitCount)
    let shift = UInt64(64 - slotBits)
    var slots = [UInt64](repeating: 0, count: 1 << slotBits)
    var longest = 0
    var duplicates: (count: Int, first: Place)?
    bytes.withUnsafeBufferPointer { bytes in
      for (id, place) in places.enumerated() {
        guard let place else { continue }
        let text = bytes[place]
        longest = max(longest, text.count)
        let hash = text.reduce(Self.emptyHash, Self.extend)
        var slot = Int(hash >> shift)
        while slots[slot] != 0 {
          if slots[slot] >> 32 == hash & 0xFFFF_FFFF,
            let other = places[Int(slots[slot] & 0xFFFF_FFFF) - 1], bytes[other].elementsEqual(text)
          {
            duplicates = ((duplicates?.count ?? 0) + 1, duplicates?.first ?? place)
            break
          }
          slot = (slot + 1) & (slots.count - 1)
          stepsLeft -= 1
        }
        slots[slot] = hash << 32 | UInt64(id + 1)
        if stepsLeft < 0 { break }
      }
    }
    guard stepsLeft >= 0 else { throw .invalidVocabulary(path: path, reason: "the hashes of its tokens collide") }
    self.bytes = bytes
    self.places = places
    self.slots = slots
    slotShift = shift
    count = places.count
    longestToken = longest
    self.duplicates = duplicates.map { ($0.count, String(decoding: bytes[$0.first], as: UTF8.self)) }
  }

  /// Lends the tables to `body`, for many look-ups.
  func withIndex<Value, Failure: Error>(
    _ body: (VocabularyIndex) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
      try places.withUnsafeBufferPointer { (places) throws(Failure) in
        try slots.withUnsafeBufferPointer { (slots) throws(Failure) in
          try body(VocabularyIndex(bytes: bytes, places: places, slots: slots, slotShift: slotShift))
        }
      }
    }
  }

  /// The id of a whole token; O(length).
  func id(of token: String) -> Int32? {
    var token = token
    return token.withUTF8 { text in
      withIndex { index in
        index.id(
          of: text, after: UnsafeBufferPointer(start: nil, count: 0), hash: text.reduce(Self.emptyHash, Self.extend))
      }
    }
  }

  /// The text of a token, nil where no token has the id; O(length).
  func token(_ id: Int32) -> String? {
    guard id >= 0, id < places.count, let place = places[Int(id)] else { return nil }
    return String(decoding: bytes[place], as: UTF8.self)
  }
}

extension RandomAccessCollection<UInt8> where Index == Int {
  fileprivate subscript(place: Vocabulary.Place) -> SubSequence {
    self[Int(place.start)..<Int(place.start) + Int(place.count)]
  }
}
