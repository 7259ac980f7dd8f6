// SPDX-License-Identifier: Apache-2.0

/// The pieces of a Unigram model as a trie over their UTF-8, walked a byte at a time.
///
/// It is a double array: the child of a node for a byte is the unit at `base ^ byte`, if that unit belongs to the byte. So a
/// step is one look-up, and a walk from a place in a text meets all pieces that start there, shortest first.
///
/// Aoe: An efficient digital search algorithm by using a double-array structure, IEEE Transactions on Software Engineering,
/// 1989; with exclusive or in place of the sum as in Yata's darts-clone.
struct PieceTrie: Sendable {
  /// A node: its byte, where its children are and the id of the piece that ends here.
  struct Unit: BitwiseCopyable, Sendable {
    fileprivate var bits: UInt64

    /// Whether the unit is the child for `byte` of the node that led here.
    @inline(__always)
    func isChild(for byte: UInt8) -> Bool { bits & 0x1FF == 0x100 | UInt64(byte) }

    /// The children are at this number, with their byte in exclusive or.
    @inline(__always)
    var base: Int { Int(truncatingIfNeeded: bits &>> 9 & 0x7F_FFFF) }

    /// The id of the piece that ends here, or -1.
    @inline(__always)
    var id: Int32 { Int32(truncatingIfNeeded: bits &>> 32) &- 1 }

    fileprivate static let unused = Unit(bits: 0)
    fileprivate var isUsed: Bool { bits & 0x100 != 0 }
  }

  /// A multiple of 256 units, so that `base ^ byte` never leads past them.
  let units: ContiguousArray<Unit>
  /// The base of the root.
  let rootBase: Int

  /// More nodes do not fit; the largest vocabulary in use has about a million.
  private static let maximumUnitCount = 1 << 23

  /// A trie of pieces in the order of their bytes, each once.
  ///
  /// - Returns: nil if the pieces have too many different beginnings.
  init?(sorted pieces: ContiguousArray<(place: Vocabulary.Place, id: Int32)>, in bytes: ContiguousArray<UInt8>) {
    var builder = Builder()
    guard let rootBase = builder.insert(pieces, bytes, maximumUnitCount: Self.maximumUnitCount) else { return nil }
    self.rootBase = rootBase
    units = builder.units
  }

  /// The id of the piece that is the bytes of a range; -1 if there is none. O(bytes).
  func id(of text: Span<UInt8>, _ range: Range<Int>) -> Int32 {
    var base = rootBase
    var id: Int32 = -1
    for position in range {
      let byte = text[position]
      let unit = units[base ^ Int(byte)]
      guard unit.isChild(for: byte) else { return -1 }
      (base, id) = (unit.base, unit.id)
    }
    return id
  }

  /// Finds places for nodes. Free units are a list; a node's children go where all of them find a free one.
  private struct Builder {
    var units: ContiguousArray<Unit> = []
    /// Bases that a node has: two nodes with the same would share their children.
    private var hasBase: ContiguousArray<Bool> = []
    private var next: ContiguousArray<Int32> = []
    private var previous: ContiguousArray<Int32> = []
    /// The first free unit, -1 if there is none; the list is a ring.
    private var firstFree: Int32 = -1
    /// The free unit that the next node with one child tries first. It goes round the ring: units whose base is taken
    /// would otherwise be tried again and again.
    private var nextTry: Int32 = -1

    /// How many free units are tried for a node before new ones are made.
    private static let maximumTryCount = 24

    /// A stretch of the pieces that have the first `depth` bytes in common, and the unit of these bytes.
    private struct Group {
      let pieces: Range<Int>
      let depth: Int
      let unit: Int?
    }

    mutating func insert(
      _ pieces: ContiguousArray<(place: Vocabulary.Place, id: Int32)>, _ bytes: ContiguousArray<UInt8>,
      maximumUnitCount: Int
    ) -> Int? {
      // The first block stays empty: base 0 is that of nodes without children.
      addBlock()
      for slot in 0..<256 { unlink(slot) }
      var rootBase = 0
      var groups = [Group(pieces: pieces.indices, depth: 0, unit: nil)]
      var labels: [UInt8] = []
      var ends: [Int] = []
      while let group = groups.popLast() {
        var start = group.pieces.lowerBound
        // The piece that ends here is the first.
        if start < group.pieces.upperBound, Int(pieces[start].place.count) == group.depth {
          if let unit = group.unit { units[unit].bits |= UInt64(UInt32(bitPattern: pieces[start].id + 1)) << 32 }
          start += 1
        }
        guard start < group.pieces.upperBound else { continue }
        labels.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for index in start..<group.pieces.upperBound {
          let byte = bytes[Int(pieces[index].place.start) + group.depth]
          if labels.last == byte {
            ends[ends.count - 1] = index + 1
          } else {
            labels.append(byte)
            ends.append(index + 1)
          }
        }
        let base = base(for: labels)
        guard units.count <= maximumUnitCount else { return nil }
        hasBase[base] = true
        if let unit = group.unit {
          units[unit].bits |= UInt64(base) << 9
        } else {
          rootBase = base
        }
        for (label, end) in zip(labels, ends) {
          let unit = base ^ Int(label)
          unlink(unit)
          units[unit].bits = 0x100 | UInt64(label)
          groups.append(Group(pieces: start..<end, depth: group.depth + 1, unit: unit))
          start = end
        }
      }
      return rootBase
    }

    /// A base under which all labels find a free unit.
    private mutating func base(for labels: [UInt8]) -> Int {
      // One child fits almost anywhere; several look among the newest units.
      let isAlone = labels.count == 1
      var slot = isAlone ? nextTry : firstFree
      if !isAlone, slot >= 0 { slot = previous[Int(slot)] }
      for _ in 0..<Self.maximumTryCount where slot >= 0 {
        let base = Int(slot) ^ Int(labels[0])
        if !hasBase[base], labels.allSatisfy({ !units[base ^ Int($0)].isUsed }) { return base }
        slot = isAlone ? next[Int(slot)] : previous[Int(slot)]
        if isAlone { nextTry = slot }
      }
      let start = units.count
      addBlock()
      return start
    }

    private mutating func addBlock() {
      let start = units.count
      units.append(contentsOf: repeatElement(.unused, count: 256))
      hasBase.append(contentsOf: repeatElement(false, count: 256))
      next.append(contentsOf: (start..<start + 256).map { Int32($0 + 1) })
      previous.append(contentsOf: (start..<start + 256).map { Int32($0 - 1) })
      let (first, last) = (Int32(start), Int32(start + 255))
      if firstFree < 0 {
        (next[Int(last)], previous[Int(first)]) = (first, last)
        (firstFree, nextTry) = (first, first)
      } else {
        let end = previous[Int(firstFree)]
        (next[Int(end)], previous[Int(first)]) = (first, end)
        (next[Int(last)], previous[Int(firstFree)]) = (firstFree, last)
      }
    }

    private mutating func unlink(_ slot: Int) {
      let (before, after) = (previous[slot], next[slot])
      if Int(after) == slot {
        (firstFree, nextTry) = (-1, -1)
      } else {
        (next[Int(before)], previous[Int(after)]) = (after, before)
        if Int(firstFree) == slot { firstFree = after }
        if Int(nextTry) == slot { nextTry = after }
      }
    }
  }
}
