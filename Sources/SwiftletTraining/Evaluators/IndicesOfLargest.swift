// SPDX-License-Identifier: Apache-2.0

/// Where the largest of some finite numbers stand, the largest first; of equals the one with the lower index.
///
/// - Parameters:
///   - count: how many; fewer if there are not as many.
///   - counts: whether the number at an index counts.
/// - Complexity: O(n log count), mostly n comparisons; memory for 2 count indices.
func indicesOfLargest(
  _ count: Int, of numbers: UnsafeBufferPointer<Float>, where counts: (Int) -> Bool
) -> [Int] {
  func isBefore(_ i: Int, _ j: Int) -> Bool { numbers[i] > numbers[j] || numbers[i] == numbers[j] && i < j }
  guard count > 0 else { return [] }
  var candidates: [Int] = [], bound = -Float.infinity
  for index in numbers.indices where numbers[index] > bound && counts(index) {
    candidates.append(index)
    guard candidates.count == 2 * count else { continue }
    candidates.sort(by: isBefore)
    candidates.removeLast(count)
    bound = numbers[candidates[count - 1]]  // what equals it stands behind it
  }
  return Array(candidates.sorted(by: isBefore).prefix(count))
}
