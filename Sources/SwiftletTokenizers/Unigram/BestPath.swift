// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The word being read, and the search for its best pieces (Viterbi).
///
/// The search goes over the word once. At each place it knows the best score of all ways to cut the word up to there, and the
/// last piece of that way; of equal scores the first that was found stays. A word is searched when it is complete.
///
/// A long word is searched while it is read. Pieces that all open ways share are final, and their bytes are dropped, so
/// even a long word of usual text takes little memory.
///
/// Unknown scalars in a row are one piece, as in the reference.
struct BestPath: ~Copyable {
  private let model: UnigramModel
  /// Set before the first scalar of a text.
  var tracksOrigins = false
  /// The bytes of the word from the first whose piece is not final, and room behind them.
  private var bytes: ContiguousArray<UInt8>
  private(set) var count = 0
  /// Where each byte's scalar comes from.
  private var origins: ContiguousArray<Origin> = []
  /// For each place the last piece of the best way there.
  private var lastPieces: ContiguousArray<LastPiece>
  /// The scores of the best ways to the places from `searched` on; the first is 0 where nothing is searched.
  private var scores: ContiguousArray<Double>
  /// The pieces that start before this place have been looked at.
  private var searched = 0
  /// The next attempt to find final pieces waits until so much is searched.
  private var nextAttempt = BestPath.blockSize
  private var unknown = UnknownRun()
  /// The ends of pieces on the way back; empty in between.
  private var ends: ContiguousArray<Int> = []

  /// How many bytes of a long word are searched at a time.
  private static let blockSize = 1 << 12
  /// So many bytes may be written, or read as a window, behind the word.
  private static let room = ByteWindow.byteCount
  /// How far the search looks ahead of a place.
  private let reach: Int

  /// Where a scalar comes from in the text, in bytes.
  struct Origin: BitwiseCopyable {
    let start: UInt32
    let end: UInt32

    @inline(__always)
    init(_ range: Range<Int>) {
      start = UInt32(truncatingIfNeeded: range.lowerBound)
      end = UInt32(truncatingIfNeeded: range.upperBound)
    }

    init(start: UInt32, end: UInt32) { (self.start, self.end) = (start, end) }
  }

  /// The last piece of a way.
  private struct LastPiece: BitwiseCopyable {
    /// Negative for an unknown scalar.
    var id: Int32
    /// 0 where there is no way yet.
    var length: Int32

    static let none = LastPiece(id: -1, length: 0)
  }

  /// Unknown scalars in a row.
  private struct UnknownRun {
    var byteCount = 0
    var bytes: ContiguousArray<UInt8> = []
    var start: UInt32 = 0
    var end: UInt32 = 0
  }

  init(_ model: UnigramModel) {
    self.model = model
    reach = max(model.maximumPieceByteCount, 4)
    bytes = ContiguousArray(repeating: 0, count: 256)
    lastPieces = ContiguousArray(repeating: .none, count: 256)
    scores = ContiguousArray(repeating: 0, count: 256)
  }

  /// Whether the next text can be read with the same memory: no word is open, and it is not more than usual.
  var isReusable: Bool { isEmpty && bytes.count <= 4 * Self.blockSize }

  /// Whether nothing was read since the word before.
  var isEmpty: Bool { count == 0 && unknown.byteCount == 0 }
  /// Whether part of the word is behind the search already.
  var isInParts: Bool { searched > 0 || unknown.byteCount > 0 }

  /// Whether the word starts with `prefix`.
  @inline(__always)
  func starts(with prefix: ContiguousArray<UInt8>) -> Bool {
    var place = 0
    while place < prefix.count {
      guard bytes[place] == prefix[place] else { return false }
      place &+= 1
    }
    return true
  }

  /// The last byte of the word, which must have one.
  var lastByte: UInt8 { bytes[count &- 1] }

  /// The `length` bytes at `place`, one to sixteen.
  @inline(__always)
  func window(at place: Int, _ length: Int) -> ByteWindow { ByteWindow(bytes.span, at: place).prefix(length) }

  // MARK: Reading

  /// Appends a scalar of `length` bytes, given as UTF-8 with the first byte lowest.
  @inline(__always)
  mutating func append(utf8: UInt32, length: Int, from origin: Origin) {
    reserve(length)
    let place = count
    do {
      var span = bytes.mutableSpan
      span.store(utf8.littleEndian, at: place)
    }
    count = place &+ length
    if tracksOrigins { origins.append(contentsOf: repeatElement(origin, count: length)) }
  }

  /// Appends bytes; only if places are not tracked.
  mutating func append(_ text: ContiguousArray<UInt8>) { append(text.span, text.indices) }

  /// Appends bytes of a text; only if places are not tracked.
  @inline(__always)
  mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
    reserve(range.count)
    Self.copy(text, range, to: count, in: &bytes)
    count &+= range.count
  }

  @inline(__always)
  private static func copy(
    _ text: Span<UInt8>, _ range: Range<Int>, to place: Int, in bytes: inout ContiguousArray<UInt8>
  ) {
    var span = bytes.mutableSpan
    var (source, target) = (range.lowerBound, place)
    while source &+ room <= text.count, source < range.upperBound {
      span.store(text.load(at: source, as: UInt128.self), at: target)
      source &+= room
      target &+= room
    }
    while source < range.upperBound {
      span[target] = text[source]
      source &+= 1
      target &+= 1
    }
  }

  @inline(__always)
  private mutating func reserve(_ length: Int) {
    if count &+ length &+ Self.room > bytes.count { grow(length) }
  }

  @inline(never)
  private mutating func grow(_ length: Int) {
    let size = max(2 * bytes.count, count + length + Self.room)
    bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
  }

  /// Whether enough has been read to search a part.
  @inline(__always)
  var needsSearch: Bool { count &- searched >= Self.blockSize &+ reach }

  // MARK: Searching

  /// Searches a part of a long word, and appends the pieces that are final to `found`.
  mutating func searchPart(_ found: inout PieceList) {
    search(to: count - reach)
    guard searched >= nextAttempt else { return }
    let end = commonPlace()
    takePieces(to: end, &found)
    remove(end)
    nextAttempt = max(Self.blockSize, 2 * searched)
  }

  /// Appends the pieces left to `found`; the word is empty after.
  mutating func finish(_ found: inout PieceList) {
    if count > 0 {
      search(to: count)
      takePieces(to: count, &found)
      for place in 0...count { lastPieces[place] = .none }
    }
    endUnknown(&found)
    removeAll()
  }

  /// Empties the word, whose `lastPieces` are cleared or were never set.
  mutating func removeAll() {
    count = 0
    searched = 0
    scores[0] = 0
    nextAttempt = Self.blockSize
    origins.removeAll(keepingCapacity: true)
  }

  /// Looks at all pieces that start from `searched` up to `end`.
  private mutating func search(to end: Int) {
    if lastPieces.count <= count {
      lastPieces.append(contentsOf: repeatElement(.none, count: bytes.count - lastPieces.count))
    }
    let width = count - searched + 1
    if scores.count < width { scores.append(contentsOf: repeatElement(0, count: max(width, 2 * scores.count))) }
    let stop = Self.search(
      bytes, from: searched, to: end, count: count, &lastPieces, &scores, model.trie.units, model.trie.rootBase,
      model.scores, model.unknownScore)
    // The scores of the places behind are carried on.
    let distance = stop - searched
    if stop < count { for place in 0...(count - stop) { scores[place] = scores[place + distance] } }
    searched = stop
  }

  /// The inner loop of the search; returns the first place whose pieces were not looked at.
  private static func search(
    _ bytes: ContiguousArray<UInt8>, from first: Int, to end: Int, count: Int,
    _ lastPieces: inout ContiguousArray<LastPiece>, _ scores: inout ContiguousArray<Double>,
    _ units: ContiguousArray<PieceTrie.Unit>, _ rootBase: Int, _ pieceScores: ContiguousArray<Double>,
    _ unknownScore: Double
  ) -> Int {
    let bytes = bytes.span, units = units.span, pieceScores = pieceScores.span
    var lastPieces = lastPieces.mutableSpan
    var scores = scores.mutableSpan
    var start = first
    while start < end {
      let score = scores[start &- first]
      let lead = bytes[start]
      let scalarLength = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
      var isPiece = false
      var place = start
      var base = rootBase
      while place < count {
        let byte = bytes[place]
        let unit = units[base ^ Int(byte)]
        guard unit.isChild(for: byte) else { break }
        place &+= 1
        base = unit.base
        let id = unit.id
        guard id >= 0 else { continue }
        let length = place &- start
        if length == scalarLength { isPiece = true }
        let newScore = score + pieceScores[Int(id)]
        if lastPieces[place].length == 0 || newScore > scores[place &- first] {
          lastPieces[place] = LastPiece(id: id, length: Int32(truncatingIfNeeded: length))
          scores[place &- first] = newScore
        }
      }
      start &+= scalarLength
      if !isPiece {
        let newScore = score + unknownScore
        if lastPieces[start].length == 0 || newScore > scores[start &- first] {
          lastPieces[start] = LastPiece(id: -1, length: Int32(truncatingIfNeeded: scalarLength))
          scores[start &- first] = newScore
        }
      }
    }
    return start
  }

  /// The last place that all open ways have in common.
  ///
  /// Open ways end at `searched` or behind it. From the last end, each is followed back until one place is left.
  private func commonPlace() -> Int {
    var places = (searched...count).filter { $0 == searched || lastPieces[$0].length > 0 }
    while places.count > 1, let last = places.popLast() {
      let place = last - Int(lastPieces[last].length)
      let index = places.firstIndex { $0 >= place } ?? places.count
      if index == places.count || places[index] != place { places.insert(place, at: index) }
    }
    return places[0]
  }

  /// Drops the bytes before `end`, whose pieces are final.
  private mutating func remove(_ end: Int) {
    guard end > 0 else { return }
    let left = count - end
    for place in 0..<left { bytes[place] = bytes[place + end] }
    for place in 0...left { lastPieces[place] = lastPieces[place + end] }
    for place in left + 1...count { lastPieces[place] = .none }
    lastPieces[0] = .none
    if tracksOrigins { origins.removeFirst(end) }
    count = left
    searched -= end
  }

  // MARK: Pieces

  /// Appends the pieces of the best way to `end` to `found`, but for a run of unknown scalars at its end.
  private mutating func takePieces(to end: Int, _ found: inout PieceList) {
    var place = end
    while place > 0 {
      ends.append(place)
      place -= Int(lastPieces[place].length)
    }
    while let end = ends.popLast() {
      let range = place..<end
      place = end
      let id = lastPieces[end].id
      if id < 0 || id == model.unknownID {
        appendUnknown(range)
      } else {
        endUnknown(&found)
        found.append(id, from: origin(of: range))
      }
    }
  }

  private func origin(of range: Range<Int>) -> Range<Int> {
    tracksOrigins ? Int(origins[range.lowerBound].start)..<Int(origins[range.upperBound - 1].end) : 0..<0
  }

  private mutating func appendUnknown(_ range: Range<Int>) {
    if tracksOrigins {
      if unknown.byteCount == 0 { unknown.start = origins[range.lowerBound].start }
      unknown.end = origins[range.upperBound - 1].end
    }
    unknown.byteCount += range.count
    // A longer run is no piece.
    if tracksOrigins || unknown.byteCount <= model.maximumPieceByteCount || !model.byteIDs.isEmpty {
      unknown.bytes += bytes[range]
    }
  }

  /// Appends the run of unknown scalars to `found`: a piece that is spelled like it, its bytes, or one unknown piece.
  private mutating func endUnknown(_ found: inout PieceList) {
    guard unknown.byteCount > 0 else { return }
    defer { unknown = UnknownRun() }
    let origin = Int(unknown.start)..<Int(unknown.end)
    let run = unknown.bytes
    let id = unknown.byteCount <= model.maximumPieceByteCount ? model.trie.id(of: run.span, run.indices) : -1
    if id >= 0 {
      found.append(id, from: origin)
    } else if !model.byteIDs.isEmpty, run.allSatisfy({ model.byteIDs[Int($0)] >= 0 }) {
      for byte in run where !found.isFull { found.append(model.byteIDs[Int(byte)], from: origin) }
    } else {
      let spelling = tracksOrigins ? String(decoding: run, as: UTF8.self) : nil
      found.append(model.unknownID, from: origin, spelled: spelling)
    }
  }
}

/// The pieces found so far.
struct PieceList {
  var ids: [Int32] = []
  /// The range of each piece in the text's bytes; nil if not needed.
  private(set) var ranges: [Range<Int>]?
  /// The spellings of pieces in the text where they are not the vocabulary's, by number; filled only if ranges are needed.
  private(set) var spellings: [Int: String] = [:]
  /// No more ids than one above this are needed.
  let limit: Int

  init(limit: Int, givesRanges: Bool) {
    self.limit = limit
    ranges = givesRanges ? [] : nil
  }

  /// Whether no further pieces are needed.
  var isFull: Bool { ids.count > limit }

  mutating func append(_ id: Int32, from origin: Range<Int>, spelled spelling: String? = nil) {
    if let spelling, ranges != nil { spellings[ids.count] = spelling }
    ids.append(id)
    ranges?.append(origin)
  }

  /// The pieces up to the limit.
  func pieces() -> TextTokens {
    let isTruncated = isFull
    var pieces = TextTokens(ids: ids, ranges: ranges ?? [], spellings: spellings, isTruncated: isTruncated)
    pieces.ids.truncate(to: limit)
    pieces.ranges.truncate(to: limit)
    return pieces
  }
}
