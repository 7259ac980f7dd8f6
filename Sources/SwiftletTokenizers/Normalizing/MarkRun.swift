// SPDX-License-Identifier: Apache-2.0

/// Combining marks between two starters, on their way into canonical order.
///
/// Sorting moves marks, but the reference (`tokenizers`, NormalizedString) does not move where they come
/// from: the first mark each scalar was made into takes the next of the run's origins, in the order of the
/// text; the further ones share the origin of the mark before them. So of a mark that will be dropped only its
/// rank counts, and a run takes bounded memory however long it is: the sort is a counting sort over the ranks.
struct MarkRun {
  /// A mark that stays.
  struct Mark {
    let scalar: UInt32
    /// How many marks up to this one, in canonical order, take an origin; 0: it has that of the scalar before
    /// the run.
    let origin: Int
  }

  private struct Rank {
    /// Marks of this rank that take an origin.
    var originCount = 0
    var marks: [Mark] = []
  }

  /// By rank; none before the first run.
  private var ranks: [Rank] = []
  private let tracksOrigins: Bool
  private(set) var isEmpty = true
  /// Where the scalar comes from that the run's first mark is made of.
  private(set) var firstOrigin = 0..<0
  /// Where the scalars start that the run's origins are.
  private(set) var start = 0

  init(tracksOrigins: Bool) { self.tracksOrigins = tracksOrigins }

  /// - Parameters:
  ///   - isFirst: whether it is the first of the scalars that the one at `origin` was made into.
  ///   - limit: of each rank, one more than so many marks are kept, the last one among them: a longer word is an
  ///     unknown one, and all that counts is where it starts and ends.
  mutating func append(
    _ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>, isFirst: Bool, limit: Int
  ) {
    // A mark that will be dropped matters only for where the others come from.
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

  /// The marks that stay in canonical order; the run is empty after.
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
