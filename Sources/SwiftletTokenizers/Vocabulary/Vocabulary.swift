// SPDX-License-Identifier: Apache-2.0

/// The tokens of a WordPiece model, from id to text and from text to id.
///
/// All texts lie in one array of bytes; a `VocabularyIndex` finds the id of a text. Tokens are equal if their bytes are.
///
/// Loading 30,522 tokens takes about two milliseconds: no string is made.
struct Vocabulary: Sendable {
  /// More are refused; the largest BERT vocabulary in use has half a million.
  static let mostTokens = 1 << 22

  /// One past the highest id: the rows an embedding table needs.
  let count: Int
  /// Bytes of the longest token.
  let longestToken: Int
  /// How many texts an earlier id has already, and the first of them.
  let duplicates: (count: Int, first: String)?
  /// Finds tokens; valid as long as the vocabulary is there.
  let index: VocabularyIndex

  private let bytes: ConstantTable<UInt8>
  private let places: ConstantTable<Place?>
  private let keys: ConstantTable<ByteWindow>
  private let slots: ConstantTable<UInt32>
  private let lengths: ConstantTable<UInt32>

  struct Place: BitwiseCopyable {
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
    let slots = UnsafeMutableBufferPointer<UInt32>.allocate(
      capacity: VocabularyIndex.slotCount(tokens: places.count))
    slots.initialize(repeating: 0)
    self.slots = ConstantTable(adopting: slots)
    let lengths = UnsafeMutableBufferPointer<UInt32>.allocate(
      capacity: VocabularyIndex.lengthsCount(tokens: places.count))
    lengths.initialize(repeating: 0)
    self.lengths = ConstantTable(adopting: lengths)
    self.bytes = ConstantTable(bytes + repeatElement(0, count: ByteWindow.byteCount))
    self.places = ConstantTable(places)
    let text = self.bytes.elements.baseAddress!
    keys = ConstantTable(
      places.map { place in
        place.flatMap { VocabularyIndex.key(of: text + Int($0.start), count: Int($0.count)) } ?? ByteWindow(bits: 0)
      })
    index = VocabularyIndex(
      bytes: text, places: self.places.elements, keys: keys.elements, slots: self.slots.elements,
      lengths: self.lengths.elements)
    count = places.count
    longestToken = places.reduce(0) { max($0, Int($1?.count ?? 0)) }

    var stepsLeft = 1000 + 64 * places.count
    var duplicates: (count: Int, first: Place)?
    for (id, place) in places.enumerated() where stepsLeft >= 0 {
      guard let place else { continue }
      let (start, count) = (text + Int(place.start), Int(place.count))
      let hash = VocabularyIndex.hash(of: start, count: count)
      let slot = index.slot(of: start, count: count)
      if slots[slot] != 0 { duplicates = ((duplicates?.count ?? 0) + 1, duplicates?.first ?? place) }
      slots[slot] = VocabularyIndex.entry(id: id, hash: hash)
      if VocabularyIndex.startCount..<UInt32.bitWidth ~= count {
        lengths[index.lengthsPlace(of: ByteWindow(at: start))] |= 1 << UInt32(count)
      }
      stepsLeft -= (slot - index.firstSlot(hash: hash)) & (slots.count - 1)
    }
    self.duplicates = duplicates.map { ($0.count, Self.string(at: $0.first, in: text)) }
    guard stepsLeft >= 0 else { throw .invalidVocabulary(path: path, reason: "the hashes of its tokens collide") }
  }

  /// The id of a whole token; O(length).
  func id(of token: String) -> Int32? {
    let text = Array(token.utf8) + repeatElement(0, count: ByteWindow.byteCount)
    return text.withUnsafeBufferPointer { index.id(of: $0.baseAddress!, count: token.utf8.count) }
  }

  /// The text of a token, nil where no token has the id; O(length).
  func token(_ id: Int32) -> String? {
    guard id >= 0, id < count, let place = places.elements[Int(id)] else { return nil }
    return Self.string(at: place, in: bytes.elements.baseAddress!)
  }

  private static func string(at place: Place, in bytes: UnsafePointer<UInt8>) -> String {
    String(
      decoding: UnsafeBufferPointer(start: bytes + Int(place.start), count: Int(place.count)), as: UTF8.self)
  }
}
