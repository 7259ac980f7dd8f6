// SPDX-License-Identifier: Apache-2.0

/// Collects the combining marks between two starters and sorts them into canonical order.
///
/// Sorting moves marks, but in the reference (`tokenizers`, NormalizedString) their origins keep the order of the text.
/// After sorting, each mark that is the first of its decomposition takes the run's next origin, and the others share
/// the origin of the mark before them. So only the rank of a dropped mark matters, and a counting sort over the ranks
/// takes bounded memory for a run of any length.
struct MarkRun {
  /// A mark that stays.
  struct Mark {
    let scalar: UInt32
    /// The number of marks up to this one, in canonical order, that take an origin; 0 means `firstOrigin`.
    let origin: Int
  }

  private struct Rank {
    /// The number of marks of this rank that take an origin.
    var originCount = 0
    var marks: [Mark] = []
  }

  /// Indexed by rank; empty before the first run.
  private var ranks: [Rank] = []
  private let tracksOrigins: Bool
  private(set) var isEmpty = true
  /// The origin of the scalar whose decomposition has the run's first mark.
  private(set) var firstOrigin = 0..<0
  /// Where the run's origins start in the text.
  private(set) var start = 0

  init(tracksOrigins: Bool) { self.tracksOrigins = tracksOrigins }

  /// - Parameters:
  ///   - isFirst: whether it is the first scalar of the decomposition of the one at `origin`.
  ///   - limit: the maximum length of a known word. Of each rank, at most `limit` + 1 marks are kept, the last one
  ///     among them: a longer word is unknown, and only its start and end matter.
  mutating func append(
    _ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>, isFirst: Bool, limit: Int
  ) {
    // A dropped mark matters only for the origins of the others.
    if !tracksOrigins && properties.isNonspacing { return }
    if isEmpty {
      isEmpty = false
      if ranks.isEmpty { ranks = Array(repeating: Rank(), count: 64) }
      firstOrigin = origin
      start = isFirst ? origin.lowerBound : origin.upperBound
    }
    let rank = Int(properties.combiningRank)
    if isFirst { ranks[rank].originCount += 1 }
    guard !properties.isNonspacing else { return }
    if ranks[rank].marks.count > limit { ranks[rank].marks.removeLast() }
    ranks[rank].marks.append(Mark(scalar: scalar, origin: ranks[rank].originCount))
  }

  /// Returns the marks that stay, in canonical order, and empties the run.
  mutating func removeSorted() -> [Mark] {
    var sorted: [Mark] = []
    var originCount = 0
    for rank in ranks.indices {
      for mark in ranks[rank].marks {
        sorted.append(Mark(scalar: mark.scalar, origin: originCount + mark.origin))
      }
      originCount += ranks[rank].originCount
      ranks[rank].originCount = 0
      ranks[rank].marks.removeAll(keepingCapacity: true)
    }
    isEmpty = true
    return sorted
  }
}
