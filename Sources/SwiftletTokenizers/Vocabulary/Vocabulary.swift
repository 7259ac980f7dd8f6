// SPDX-License-Identifier: Apache-2.0

/// The tokens of a WordPiece model, from id to text and from text to id.
///
/// All texts lie in one array of bytes; a `VocabularyIndex` finds the id of a text. Tokens are equal if their bytes are.
///
/// Loading 30,522 tokens takes about two milliseconds: no string is made.
struct Vocabulary: ModelVocabulary {
  /// More are refused; the largest BERT vocabulary in use has half a million.
  static let maximumTokenCount = 1 << 22

  /// Bytes of the longest token.
  let maximumTokenByteCount: Int
  /// The number of tokens whose text an earlier id already has, and the first such text; nil if there are none.
  let duplicates: (count: Int, first: String)?
  /// Finds tokens.
  let index: VocabularyIndex

  /// The different lengths of tokens of 32 bytes or more, longest first.
  let longLengths: ContiguousArray<Int>
  /// The number of different tokens.
  let tokenCount: Int

  /// One past the highest id: the rows an embedding table needs.
  var count: Int { index.places.count }

  struct Place: BitwiseCopyable, Sendable {
    let start: UInt32
    let count: UInt32

    /// A range of `bytes`, which are fewer than 2³².
    init(_ range: Range<Int>) {
      start = UInt32(range.lowerBound)
      count = UInt32(range.count)
    }

    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
  }

  /// `bytes` holds the text of token `id` at `places[id]`. If a text occurs twice, the last id has it.
  ///
  /// - Throws: `TokenizerError` that names `path` if so many hashes collide, as in an attack, that the index would take
  ///   quadratic time.
  init(bytes: ContiguousArray<UInt8>, places: ContiguousArray<Place?>, path: String) throws(TokenizerError) {
    var builder = VocabularyIndex.Builder(bytes: bytes, places: places)
    var stepsLeft = 1000 + 64 * places.count
    var duplicates: (count: Int, first: Place)?
    for (id, place) in places.enumerated() where stepsLeft >= 0 {
      guard let place else { continue }
      let (isNew, steps) = builder.insert(id, at: place)
      if !isNew { duplicates = ((duplicates?.count ?? 0) + 1, duplicates?.first ?? place) }
      stepsLeft -= steps
    }
    guard stepsLeft >= 0 else { throw .invalidVocabulary(path: path, problem: "the hashes of its tokens collide") }
    maximumTokenByteCount = places.reduce(0) { max($0, Int($1?.count ?? 0)) }
    let long = places.lazy.compactMap { $0.map { Int($0.count) } }.filter { $0 >= UInt32.bitWidth }
    longLengths = ContiguousArray(Set(long).sorted(by: >))
    tokenCount = places.reduce(0) { $0 + ($1 == nil ? 0 : 1) } - (duplicates?.count ?? 0)
    self.duplicates = duplicates.map { ($0.count, String(decoding: bytes[$0.first.range], as: UTF8.self)) }
    index = builder.index
  }

  /// The id of a whole token; O(length).
  func id(of token: String) -> Int32? {
    let text = ContiguousArray(token.utf8) + repeatElement(0, count: ByteWindow.byteCount)
    return index.id(of: text.span, at: 0, count: token.utf8.count)
  }

  /// The text of a token, nil where no token has the id; O(length).
  func token(_ id: Int32) -> String? {
    guard id >= 0, id < count, let place = index.places[Int(id)] else { return nil }
    return String(decoding: index.bytes[place.range], as: UTF8.self)
  }
}
