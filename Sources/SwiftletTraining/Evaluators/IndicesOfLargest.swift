// SPDX-License-Identifier: Apache-2.0

/// Where the largest of some finite numbers stand, the largest first; of equals the one with the lower index.
///
/// - Parameters:
///   - count: how many; fewer if there are not as many.
///   - counts: whether the number at an index counts.
/// - Complexity: O(n log count), mostly n comparisons; memory for 2 count indices.
func indicesOfLargest(_ count: Int, of numbers: Span<Float>, where counts: (Int) -> Bool) -> [Int] {
  guard count > 0 else { return [] }
  var candidates: [Int] = [], bound = -Float.infinity
  for index in numbers.indices where numbers[index] > bound && counts(index) {
    candidates.append(index)
    guard candidates.count == 2 * count else { continue }
    numbers.sortFallingly(&candidates)
    candidates.removeLast(count)
    bound = numbers[candidates[count - 1]]  // what equals it stands behind it
  }
  numbers.sortFallingly(&candidates)
  return Array(candidates.prefix(count))
}

extension Span<Float> {
  /// Sorts indices by their numbers, the largest first; of equals the one with the lower index.
  func sortFallingly(_ indices: inout [Int]) {
    // The closure of a sort cannot capture a span.
    var pairs = indices.map { (number: self[$0], index: $0) }
    pairs.sort { $0.number > $1.number || $0.number == $1.number && $0.index < $1.index }
    indices = pairs.map(\.index)
  }
}
