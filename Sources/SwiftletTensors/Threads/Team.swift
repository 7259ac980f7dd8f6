// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import Synchronization

/// One leading thread and those that happen to help it: they share its loops, one loop at a time.
///
/// A loop is handed out a few steps at a time, so that the leader never waits for a thread that has not come.
final class Team: @unchecked Sendable {
  // SAFETY: `body`, `whole`, `step` and `count` are written by the leader while no step is open, and read only by threads
  // that have claimed one; the leader waits for all that are claimed.

  typealias Body = (_ range: Range<Int>, _ scratch: inout Scratch) -> Void

  private let queue: JobQueue
  private var body: Body?
  private var whole = 0..<0
  private var step = 1
  /// The number of steps in the whole.
  private var count = 0

  /// The loop's number in the upper half, the steps nobody has claimed in the lower: a claim made for one loop
  /// never counts for another.
  private let open = Atomic<UInt64>(0)
  private let done = Atomic<Int>(0)
  private let isDisbanded = Atomic<Bool>(false)

  init(queue: JobQueue) { self.queue = queue }

  /// The leader's call: runs `body` on ranges that cover `whole` and begin at multiples of `step`, with whoever helps.
  func share(_ whole: Range<Int>, step: Int, _ scratch: inout Scratch, _ body: @escaping Body) {
    self.body = body
    self.whole = whole
    self.step = step
    count = (whole.count + step - 1) / step
    done.store(0, ordering: .relaxed)
    let loop = (open.load(ordering: .relaxed) >> 32) &+ 1
    open.store(loop << 32 | UInt64(count), ordering: .releasing)
    while let steps = claim() { perform(steps, &scratch) }
    var waited = 0
    while done.load(ordering: .acquiring) < count { pause(&waited) }
    self.body = nil
  }

  /// A helper's call: takes part in loops until the team is disbanded or other tasks wait.
  ///
  /// - Parameter workspace: the helper's own, so that it does not contend with the leader.
  func help(_ workspace: Workspace) {
    var waited = 0, scratch = Scratch(workspace)
    while !isDisbanded.load(ordering: .relaxed) {
      if let steps = claim() {
        perform(steps, &scratch)
        waited = 0
      } else if queue.hasWaitingTasks {
        return
      } else {
        pause(&waited)
      }
    }
  }

  func disband() { isDisbanded.store(true, ordering: .relaxed) }

  /// Steps that are now this thread's: fewer toward the end, so that all threads end together, and never more than half
  /// of a thread's share. Each claim costs a few writes to memory that the threads share.
  private func claim() -> Range<Int>? {
    var seen = open.load(ordering: .relaxed)
    while seen & 0xFFFF_FFFF > 0 {
      let rest = Int(seen & 0xFFFF_FFFF), claimed = max(1, rest / (2 * queue.threadCount))
      let (exchanged, original) = open.weakCompareExchange(
        expected: seen, desired: seen - UInt64(claimed), ordering: .acquiring)
      if exchanged { return count - rest..<count - rest + claimed }
      seen = original
    }
    return nil
  }

  private func perform(_ steps: Range<Int>, _ scratch: inout Scratch) {
    guard let body else { preconditionFailure("a loop keeps its body until all steps are done") }
    scratch.reset()
    let first = whole.lowerBound + steps.lowerBound * step
    body(first..<min(first + steps.count * step, whole.upperBound), &scratch)
    done.add(steps.count, ordering: .releasing)
  }

  /// Spins for some microseconds, then lets other threads have the processor.
  private func pause(_ waited: inout Int) {
    waited += 1
    if queue.spins && waited < 2000 { swlt_relax() } else { System.yieldProcessor() }
  }
}
