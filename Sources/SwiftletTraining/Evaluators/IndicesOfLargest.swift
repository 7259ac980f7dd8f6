// SPDX-License-Identifier: Apache-2.0

/// Where the largest of some finite numbers stand, the largest first; of equals the one with the lower index.
///
/// - Parameters:
///   - count: how many; fewer if there are not as many.
///   - counts: whether the number at an index counts.
/// - Complexity: as ``firstIndices(_:of:where:by:)``.
func indicesOfLargest(_ count: Int, of numbers: Span<Float>, where counts: (Int) -> Bool) -> [Int] {
  firstIndices(count, of: numbers.indices, where: counts) { i, j in
    numbers[i] > numbers[j] || numbers[i] == numbers[j] && i < j
  }
}

/// The first indices in the order that `isBefore` gives, without sorting all.
///
/// - Parameters:
///   - count: how many; fewer if there are not as many.
///   - counts: whether an index counts.
/// - Complexity: O(n log count), mostly n comparisons; memory for 2 count indices.
func firstIndices(
  _ count: Int, of indices: Range<Int>, where counts: (Int) -> Bool, by isBefore: (Int, Int) -> Bool
) -> [Int] {
  let count = min(count, indices.count)
  guard count > 0 else { return [] }
  var candidates: [Int] = [], bound: Int?
  for index in indices {
    if let bound, !isBefore(index, bound) { continue }
    guard counts(index) else { continue }
    candidates.append(index)
    guard candidates.count == 2 * count else { continue }
    candidates.sort(by: isBefore)
    candidates.removeLast(count)
    bound = candidates[count - 1]
  }
  return Array(candidates.sorted(by: isBefore).prefix(count))
}
