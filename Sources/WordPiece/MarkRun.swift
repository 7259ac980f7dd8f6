// SPDX-License-Identifier: Apache-2.0

/// Combining marks between two starters, on their way into canonical order.
///
/// Sorting moves marks, but the reference (`tokenizers`, NormalizedString) does not move where they come
/// from: the first mark each scalar was made into takes the next of the run's origins, in the order of the
/// text; the further ones share the origin of the mark before them.
struct MarkRun {
  /// One mark a word, so that words sort as marks do: rank in the top byte, then its number in the run, then
  /// the scalar and whether it is the first one its scalar was made into.
  private var marks: [UInt64] = []
  /// Where the scalars of the run come from; nil if nobody asks.
  private var origins: [Range<Int>]?
  /// Where the scalar before the run comes from, if the run's first mark is made of it.
  private var precedingOrigin = 0..<0

  private static let firstFlag: UInt64 = 1 << 21

  init(tracksOrigins: Bool) { origins = tracksOrigins ? [] : nil }

  var isEmpty: Bool { marks.isEmpty }
  var count: Int { marks.count }

  /// - Parameter isFirst: whether it is the first of the scalars that the one at `origin` was made into.
  mutating func append(
    _ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>, isFirst: Bool
  ) {
    // A mark that will be dropped matters only for where the others come from.
    if origins == nil && properties.isNonspacing { return }
    if marks.isEmpty { precedingOrigin = origin }
    let key = UInt64(properties.combiningRank) << 56 | UInt64(marks.count) << 24
    marks.append(key | UInt64(scalar) | (isFirst ? Self.firstFlag : 0))
    if isFirst { origins?.append(origin) }
  }

  /// The marks in canonical order, each with where it comes from; the run is empty after. O(n log n).
  mutating func removeSorted() -> [(scalar: UInt32, origin: Range<Int>)] {
    marks.sort()
    var remaining = (origins ?? [])[...]
    var origin = precedingOrigin
    let sorted = marks.map { mark in
      if mark & Self.firstFlag != 0 { origin = remaining.popFirst() ?? origin }
      return (UInt32(truncatingIfNeeded: mark & 0x1F_FFFF), origin)
    }
    marks.removeAll(keepingCapacity: true)
    origins?.removeAll(keepingCapacity: true)
    return sorted
  }
}
