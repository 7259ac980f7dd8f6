// SPDX-License-Identifier: Apache-2.0

/// How a scalar behaves where grapheme clusters end.
///
/// Unicode Standard Annex #29, in the version of the reference. Regional indicators count as `other`: a cluster of them is
/// never short enough to be looked up whole, which is all that clusters are needed for.
enum GraphemeClass: UInt8 {
  case other, carriageReturn, lineFeed, control, extend, joiner, spacingMark, prepend
  case hangulL, hangulV, hangulT, hangulLV, hangulLVT
  case pictographic
  /// A consonant that a linker joins to the next one.
  case consonant
  /// A mark that joins consonants.
  case linker
  /// Marks that may stand between consonants and their linker.
  case conjunctExtend

  /// Calls `body` with runs of scalars that have a class other than `other`.
  static func forEachRun(_ body: (Range<UInt32>, GraphemeClass) -> Void) {
    var numbers = PackedNumbers(GraphemeData.classes)
    var end = 0
    while let gap = numbers.next(), let count = numbers.next(), let value = numbers.next() {
      let start = end + gap
      end = start + count
      if let kind = GraphemeClass(rawValue: UInt8(value)) { body(UInt32(start)..<UInt32(end), kind) }
    }
    for syllable in UInt32(0xAC00)..<0xD7A4 {
      body(syllable..<syllable + 1, (syllable - 0xAC00) % 28 == 0 ? .hangulLV : .hangulLVT)
    }
  }
}

/// The part of a grapheme cluster read so far, as far as it decides whether the next scalar belongs to it.
struct GraphemeCluster {
  private var last: GraphemeClass
  private var emoji: Emoji
  private var conjunct: Conjunct

  /// A pictogram and marks, then a joiner.
  private enum Emoji { case none, pictogram, joined }
  /// A consonant and marks, a linker among them.
  private enum Conjunct { case none, consonant, linked }

  init(startingWith first: GraphemeClass) {
    last = first
    emoji = first == .pictographic ? .pictogram : .none
    conjunct = first == .consonant ? .consonant : .none
  }

  /// Whether the next scalar belongs to the cluster; if so, it is now the last one.
  mutating func continues(with next: GraphemeClass) -> Bool {
    guard joins(next) else { return false }
    switch next {
    case .pictographic: emoji = .pictogram
    case .joiner: emoji = emoji == .pictogram ? .joined : .none
    case .extend, .conjunctExtend, .linker: emoji = emoji == .pictogram ? .pictogram : .none
    default: emoji = .none
    }
    switch next {
    case .consonant: conjunct = .consonant
    case .linker: conjunct = conjunct == .none ? .none : .linked
    case .joiner, .conjunctExtend: break
    default: conjunct = .none
    }
    last = next
    return true
  }

  /// Rules GB3 to GB11 in their order.
  private func joins(_ next: GraphemeClass) -> Bool {
    switch (last, next) {
    case (.carriageReturn, .lineFeed): true
    case (.carriageReturn, _), (.lineFeed, _), (.control, _): false
    case (_, .carriageReturn), (_, .lineFeed), (_, .control): false
    case (.hangulL, .hangulL), (.hangulL, .hangulV), (.hangulL, .hangulLV), (.hangulL, .hangulLVT): true
    case (.hangulLV, .hangulV), (.hangulLV, .hangulT), (.hangulV, .hangulV), (.hangulV, .hangulT): true
    case (.hangulLVT, .hangulT), (.hangulT, .hangulT): true
    case (_, .extend), (_, .conjunctExtend), (_, .linker), (_, .joiner), (_, .spacingMark): true
    case (.prepend, _): true
    case (_, .consonant): conjunct == .linked
    case (.joiner, .pictographic): emoji == .joined
    default: false
    }
  }

  /// For each class the classes that join it when it starts a cluster, as bits.
  static let joiningPairs: ContiguousArray<UInt32> = {
    let classes = (0..<32).map { GraphemeClass(rawValue: $0) }
    return ContiguousArray(
      classes.map { first in
        classes.enumerated().reduce(UInt32(0)) { bits, next in
          guard let first, let kind = next.element else { return bits }
          var cluster = GraphemeCluster(startingWith: first)
          return cluster.continues(with: kind) ? bits | 1 << UInt32(next.offset) : bits
        }
      })
  }()
}
