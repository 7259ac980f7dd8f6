// SPDX-License-Identifier: Apache-2.0

/// The properties of each Unicode scalar in a BERT tokenizer: classes, NFD and lowercase, as the reference has them.
///
/// The reference freezes several Unicode versions, so neither Foundation nor `Unicode.Scalar.Properties`
/// gives its answers. `UnicodeData` holds what a script observed; this type unpacks it once (some 40 KB, well
/// under a millisecond) into a table of two stages, so that one look-up answers everything about a scalar in
/// O(1).
struct UnicodeTables: Sendable {
  static let shared = UnicodeTables()

  /// The answers for one scalar, in one word.
  struct Properties {
    fileprivate let bits: UInt64

    /// Dropped by text cleaning: NUL, U+FFFD, controls, formats, private use.
    var isRemoved: Bool { bits & 1 != 0 }
    /// A word ends here.
    var isWhitespace: Bool { bits & 2 != 0 }
    /// A word of its own.
    var isPunctuation: Bool { bits & 4 != 0 }
    /// CJK ideograph: a word of its own, if the normalizer isolates them.
    var isIdeograph: Bool { bits & 8 != 0 }
    /// General category Mn: dropped when accents are stripped.
    var isNonspacing: Bool { bits & 16 != 0 }
    /// A letter, digit, mark or connector: no word ends beside it (`\w` of the reference's regular
    /// expressions).
    var isWordCharacter: Bool { bits & 32 != 0 }
    /// The order NFD gives adjacent marks; 0 for a starter, which never moves.
    var combiningRank: UInt8 { UInt8(truncatingIfNeeded: bits >> 6 & 63) }

    var hasDecomposition: Bool { bits >> Self.decompositionShift & 0xFF != 0 }
    var hasLowercase: Bool { bits >> Self.lowercaseShift & 0xFF != 0 }

    fileprivate static let decompositionShift: UInt64 = 16
    fileprivate static let lowercaseShift: UInt64 = 40

    /// A mapping's place in `mapped`: 8 bits of length, then 16 of offset.
    fileprivate func mapping(at shift: UInt64) -> Range<Int> {
      let start = Int(bits >> (shift + 8) & 0xFFFF)
      return start..<start + Int(bits >> shift & 0xFF)
    }
  }

  private static let blockBits = 7
  private static let blockSize = 1 << blockBits
  /// Records below this number are the classes themselves: class bits and combining rank.
  private static let classCount = 1 << 12

  private var blocks = [UInt16](repeating: 0, count: 0x110000 >> UnicodeTables.blockBits)
  private var records = [UInt16](repeating: 0, count: UnicodeTables.blockSize)
  private var properties = (0..<UInt64(UnicodeTables.classCount)).map { $0 }
  private var mapped: [UInt32] = []
  /// Blocks that several places share, by the one record that fills them.
  private var uniformBlocks: [(record: UInt16, block: UInt16)] = [(0, 0)]

  /// The properties of a scalar; O(1).
  @inline(__always)
  func properties(of scalar: UInt32) -> Properties {
    let block = Int(blocks[Int(scalar) >> Self.blockBits])
    let record = records[block << Self.blockBits | Int(scalar) & (Self.blockSize - 1)]
    return Properties(bits: properties[Int(record)])
  }

  /// The full canonical decomposition, except that of Hangul, which `WordPiecePass` computes.
  func decomposition(_ properties: Properties) -> ArraySlice<UInt32> {
    mapped[properties.mapping(at: Properties.decompositionShift)]
  }

  /// Whether the scalar's decomposition starts with a mark that NFD may move.
  func startsWithMark(_ properties: Properties) -> Bool {
    guard properties.hasDecomposition, let first = decomposition(properties).first else {
      return properties.combiningRank > 0
    }
    return self.properties(of: first).combiningRank > 0
  }

  /// The lowercase of one scalar without its context, as Rust's `char::to_lowercase`.
  func lowercase(_ properties: Properties) -> ArraySlice<UInt32> {
    mapped[properties.mapping(at: Properties.lowercaseShift)]
  }

  private init() {
    var classes = PackedNumbers(UnicodeData.classes)
    var end = 0
    while let gap = classes.next(), let count = classes.next(), let value = classes.next() {
      assign(record: UInt16(value), to: end + gap..<end + gap + count)
      end += gap + count
    }
    readMappings(UnicodeData.decompositions, shift: Properties.decompositionShift)
    readMappings(UnicodeData.lowercase, shift: Properties.lowercaseShift)
  }

  private mutating func readMappings(_ data: String, shift: UInt64) {
    var numbers = PackedNumbers(data)
    var key = 0
    while let distance = numbers.next(), let count = numbers.next() {
      key += distance
      let start = mapped.count
      var scalar = key
      for _ in 0..<count {
        scalar += numbers.nextSigned()
        mapped.append(UInt32(scalar))
      }
      let place = (UInt64(start) << 8 | UInt64(count)) << shift
      let slot = ownBlock(key >> Self.blockBits) << Self.blockBits | key & (Self.blockSize - 1)
      if records[slot] < Self.classCount {
        properties.append(UInt64(records[slot]))
        records[slot] = UInt16(properties.count - 1)
      }
      properties[Int(records[slot])] |= place
    }
  }

  private mutating func assign(record: UInt16, to scalars: Range<Int>) {
    var start = scalars.lowerBound
    while start < scalars.upperBound {
      let block = start >> Self.blockBits
      let end = min(scalars.upperBound, (block + 1) << Self.blockBits)
      if end - start == Self.blockSize {
        blocks[block] = uniformBlock(of: record)
      } else {
        let offset = (ownBlock(block) - block) << Self.blockBits
        for scalar in start..<end { records[scalar + offset] = record }
      }
      start = end
    }
  }

  private mutating func uniformBlock(of record: UInt16) -> UInt16 {
    if let known = uniformBlocks.first(where: { $0.record == record }) { return known.block }
    let block = UInt16(records.count >> Self.blockBits)
    records.append(contentsOf: repeatElement(record, count: Self.blockSize))
    uniformBlocks.append((record, block))
    return block
  }

  /// The number of a block that is not shared; copies it first if necessary.
  private mutating func ownBlock(_ index: Int) -> Int {
    let current = blocks[index]
    guard let shared = uniformBlocks.first(where: { $0.block == current }) else { return Int(current) }
    blocks[index] = UInt16(records.count >> Self.blockBits)
    records.append(contentsOf: repeatElement(shared.record, count: Self.blockSize))
    return Int(blocks[index])
  }
}

/// Reads the numbers of `UnicodeData` and `GraphemeData`: base-32 digits, lowest first, from "0"; a digit's sixth bit says
/// that more follow.
struct PackedNumbers {
  private let bytes: ContiguousArray<UInt8>
  private var position = 0

  init(_ data: String) { bytes = ContiguousArray(data.utf8) }

  mutating func next() -> Int? {
    var number = 0
    var shift = 0
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      guard byte >= 0x30 else { continue }  // a line break
      number |= Int((byte - 0x30) & 31) << shift
      if byte - 0x30 < 32 { return number }
      shift += 5
    }
    return nil
  }

  mutating func nextSigned() -> Int {
    guard let number = next() else { preconditionFailure("UnicodeData ends within a mapping") }
    return number & 1 == 0 ? number / 2 : -(number + 1) / 2
  }
}
