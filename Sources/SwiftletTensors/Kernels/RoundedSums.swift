// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels

/// Sums of float32 numbers that are the same in any order: each number is rounded to a multiple of 2^-44, half to even,
/// and added as a 64-bit integer. That is exact, so machines too may add up their sums.
@safe
package final class RoundedSums: @unchecked Sendable {
  // SAFETY: belongs to one trainer; threads of its team write different elements.

  /// What magnitudes may not reach: the integers of so large sums would overflow.
  package static let limit = 0x1p18

  package let count: Int
  fileprivate let base: UnsafeMutablePointer<Int64>

  /// Sums that are all 0.
  package init(count: Int) {
    self.count = count
    unsafe base = .allocate(capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
  }

  deinit { unsafe base.deallocate() }

  /// Sets all sums to 0.
  package func clear() { unsafe base.update(repeating: 0, count: count) }

  /// Copies some of other sums to the place from `start` on.
  package func copy(_ range: Range<Int>, of others: RoundedSums, to start: Int) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= others.count && start >= 0 && start <= count - range.count,
      "\(range) of \(others.count) sums to \(start) of \(count)")
    unsafe (base + start).update(from: others.base + range.lowerBound, count: range.count)
  }

  /// Lends the integers: the sums times 2^44.
  package func withMutableSpan<Result, Failure: Error>(
    _ body: (inout MutableSpan<Int64>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // SAFETY: the closure ends before this object does.
    var sums = unsafe MutableSpan(_unsafeStart: base, count: count)
    return try body(&sums)
  }
}

extension Kernels {
  /// Adds numbers to the sums from `start` on, and sets them to 0.
  ///
  /// - Parameter limit: ``RoundedSums/limit`` over how many numbers are added to a sum at most.
  /// - Returns: How many of the numbers reach the limit, or are NaN. They are not added.
  package func move(_ x: VectorView, to sums: RoundedSums, at start: Int, limit: Float) -> Int {
    precondition(
      start >= 0 && start <= sums.count - x.count, "\(x.count) numbers from \(start) on to \(sums.count) sums")
    precondition(limit <= Float(RoundedSums.limit), "a limit of \(limit)")
    return unsafe table.pointee.move_to_sums(x.count, limit, x.pointer, sums.base + start)
  }

  /// Sets numbers to the sums from `start` on, each rounded once, and these to 0.
  package func take(_ sums: RoundedSums, at start: Int, into x: VectorView) {
    precondition(
      start >= 0 && start <= sums.count - x.count, "\(x.count) numbers of \(sums.count) sums from \(start) on")
    unsafe table.pointee.take_sums(x.count, sums.base + start, x.pointer)
  }
}
