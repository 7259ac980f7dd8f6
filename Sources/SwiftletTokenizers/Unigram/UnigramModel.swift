// SPDX-License-Identifier: Apache-2.0

/// The pieces of a Unigram model and their scores, the logarithms of their probabilities.
///
/// A word becomes the sequence of pieces with the highest sum of scores; `BestPath` finds it.
///
/// Kudo: Subword Regularization: Improving Neural Network Translation Models with Multiple Subword Candidates, ACL 2018.
/// Details are those of `tokenizers` (models/unigram).
final class UnigramModel: ModelVocabulary {
  /// UTF-8 of all pieces.
  private let bytes: ContiguousArray<UInt8>
  private let places: ContiguousArray<Vocabulary.Place>
  /// The score of each id.
  let scores: ContiguousArray<Double>
  let trie: PieceTrie
  /// The id of what no piece covers.
  let unknownID: Int32
  /// The score of a scalar that is no piece: ten less than the lowest score.
  let unknownScore: Double
  /// Bytes of the longest piece.
  let maximumPieceByteCount: Int
  /// The ids of the 256 pieces that stand for bytes, -1 where there is none. Empty if unknown text is not spelled in bytes.
  let byteIDs: [Int32]

  /// Longer pieces are refused: the search looks that far ahead.
  private static let pieceByteLimit = Int(UInt16.max)

  /// Pieces by id.
  ///
  /// - Throws: `TokenizerError` that names `path`.
  init(
    bytes: ContiguousArray<UInt8>, places: ContiguousArray<Vocabulary.Place>, scores: ContiguousArray<Double>,
    unknownID: Int32, spellsBytes: Bool, path: String
  ) throws(TokenizerError) {
    self.bytes = bytes
    self.places = places
    self.scores = scores
    self.unknownID = unknownID
    unknownScore = (scores.min() ?? 0) - 10
    maximumPieceByteCount = places.reduce(0) { max($0, Int($1.count)) }
    guard maximumPieceByteCount <= Self.pieceByteLimit else {
      throw .invalidVocabulary(path: path, problem: "a piece has more than \(Self.pieceByteLimit) bytes")
    }
    guard let trie = PieceTrie(sorted: Self.sorted(places, bytes), in: bytes) else {
      throw .invalidVocabulary(path: path, problem: "the vocabulary is too large")
    }
    self.trie = trie
    byteIDs =
      spellsBytes
      ? (0...UInt8.max).map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        let spelling = ContiguousArray("<0x\(digits.count == 1 ? "0" : "")\(digits)>".utf8)
        return trie.id(of: spelling.span, spelling.indices)
      } : []
  }

  /// The number of pieces.
  var count: Int { places.count }
  /// The same: the reference counts equal pieces too.
  var tokenCount: Int { count }

  /// The id of a whole piece. Of equal pieces it is the last one's.
  func id(of token: String) -> Int32? {
    let utf8 = ContiguousArray(token.utf8)
    let id = trie.id(of: utf8.span, utf8.indices)
    return id < 0 ? nil : id
  }

  /// The text of a piece, nil where no piece has the id.
  func token(_ id: Int32) -> String? {
    guard id >= 0, id < count else { return nil }
    return String(decoding: bytes[places[Int(id)].range], as: UTF8.self)
  }

  /// The pieces in the order of their bytes; of equal ones the last, and none without bytes.
  private static func sorted(
    _ places: ContiguousArray<Vocabulary.Place>, _ bytes: ContiguousArray<UInt8>
  ) -> ContiguousArray<(place: Vocabulary.Place, id: Int32)> {
    /// A piece with its first eight bytes, the first one highest, which decide most comparisons.
    struct Entry {
      let start: UInt64
      let id: Int32
    }
    func isBefore(_ left: Entry, _ right: Entry) -> Bool {
      if left.start != right.start { return left.start < right.start }
      let first = bytes[places[Int(left.id)].range], second = bytes[places[Int(right.id)].range]
      if first.elementsEqual(second) { return left.id < right.id }
      return first.lexicographicallyPrecedes(second)
    }
    var entries: ContiguousArray<Entry> = []
    entries.reserveCapacity(places.count)
    for (id, place) in places.enumerated() where place.count > 0 {
      var start: UInt64 = 0
      for offset in 0..<8 {
        let byte = offset < Int(place.count) ? bytes[Int(place.start) + offset] : 0
        start = start << 8 | UInt64(byte)
      }
      entries.append(Entry(start: start, id: Int32(id)))
    }
    entries.sort(by: isBefore)
    var pieces: ContiguousArray<(place: Vocabulary.Place, id: Int32)> = []
    pieces.reserveCapacity(entries.count)
    for entry in entries {
      let place = places[Int(entry.id)]
      if let last = pieces.last, bytes[last.place.range].elementsEqual(bytes[place.range]) { pieces.removeLast() }
      pieces.append((place, entry.id))
    }
    return pieces
  }
}
