// SPDX-License-Identifier: Apache-2.0

/// The indices of the largest of some finite numbers, the largest first. Of equal numbers the lower index comes first.
///
/// - Parameters:
///   - count: the maximum number of indices.
///   - counts: whether the number at an index is considered.
/// - Complexity: that of ``firstIndices(_:of:where:by:)``.
func indicesOfLargest(_ count: Int, of numbers: Span<Float>, where counts: (Int) -> Bool) -> [Int] {
  firstIndices(count, of: numbers.indices, where: counts) { i, j in
    numbers[i] > numbers[j] || numbers[i] == numbers[j] && i < j
  }
}

/// The first indices in the order of `isBefore`, found without sorting all.
///
/// - Parameters:
///   - count: the maximum number of indices.
///   - counts: whether an index is considered.
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
