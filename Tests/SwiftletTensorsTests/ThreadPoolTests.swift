// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import Synchronization
import Testing

@testable import SwiftletTensors

@Suite struct ThreadPoolTests {
  private final class Counts: Sendable {
    let values: Monitor<[Int]>
    init(_ count: Int) { values = Monitor(Array(repeating: 0, count: count)) }
    func add(_ index: Int) { values.withLock { $0[index] += 1 } }
  }

  @Test(arguments: 1...8) func runsEachTaskOnce(threads: Int) async throws {
    let pool = ThreadPool(threadCount: threads)
    for count in [0, 1, 2, 100] {
      let sync = Counts(count), async = Counts(count)
      runInThisThread(pool, count) { index, _ in sync.add(index) }
      try await pool.run(count: count) { index, _ in async.add(index) }
      #expect(sync.values.withLock { $0 }.allSatisfy { $0 == 1 })
      #expect(async.values.withLock { $0 }.allSatisfy { $0 == 1 })
    }
  }

  /// The synchronous call. In an asynchronous context, Swift would choose the other.
  private func runInThisThread(_ pool: ThreadPool, _ count: Int, _ task: @escaping (Int, Worker) -> Void) {
    pool.run(count: count, task)
  }

  @Test(arguments: 1...8) func teamSharesLoops(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    let counts = Counts(50)
    pool.run(count: 1) { _, worker in
      worker.withTeam { worker in
        for _ in 0..<200 { worker.forEach(50) { counts.add($0) } }
      }
    }
    #expect(counts.values.withLock { $0 }.allSatisfy { $0 == 200 })
  }

  /// Tasks may start the next one without end, as the rounds of a `RequestQueue` do: none keeps those before it in memory.
  @Test func startedTaskForgetsWhatStartedIt() async {
    final class Reference: @unchecked Sendable {
      // SAFETY: the pool's only thread reads and writes it.
      weak var task: RunningTask?
    }
    let pool = ThreadPool(threadCount: 1), first = Reference()
    let isForgotten = await withCheckedContinuation { continuation in
      pool.start { _ in
        first.task = .current
        pool.start { _ in pool.start { _ in continuation.resume(returning: first.task == nil) } }
      }
    }
    #expect(isForgotten)
  }

  /// At most as many tasks run at a time as the pool has threads, however many callers there are.
  @Test func boundsRunningTasks() async throws {
    let pool = ThreadPool(threadCount: 3)
    let census = Census()
    try await withThrowingTaskGroup { group in
      for _ in 0..<40 {
        group.addTask {
          try await pool.run(count: 5) { _, worker in census.task(worker) }
        }
      }
      try await group.waitForAll()
    }
    #expect(census.most.load(ordering: .relaxed) <= 3)
    #expect(census.workspaces.withLock { $0.count } <= 3)
  }

  /// Counts the tasks that run, the most at once, and their workspaces.
  private final class Census: Sendable {
    let running = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    let workspaces = Monitor<Set<ObjectIdentifier>>([])

    func task(_ worker: Worker) {
      let now = running.add(1, ordering: .relaxed).newValue
      _ = most.max(now, ordering: .relaxed)
      workspaces.withLock { _ = $0.insert(ObjectIdentifier(worker.workspace)) }
      for _ in 0..<1000 { _ = running.load(ordering: .relaxed) }
      running.subtract(1, ordering: .relaxed)
    }
  }

  @Test func cancellationLeavesOutWhatHasNotBegun() async {
    let pool = ThreadPool(threadCount: 1)
    let begun = Counts(1)
    let task = Task {
      try await pool.run(count: 1_000_000) { _, _ in
        begun.add(0)
        for _ in 0..<100 { _ = begun.values.withLock { $0[0] } }
      }
    }
    while begun.values.withLock({ $0[0] }) == 0 { await Task.yield() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(begun.values.withLock { $0[0] } < 1_000_000)
  }

  /// Tasks have IEEE arithmetic on all threads, even if the caller's own is set otherwise.
  @Test func tasksKeepSubnormals() {
    #if arch(x86_64)
      let flushing: UInt64 = 0x9fc0
    #else
      let flushing: UInt64 = 1 << 24
    #endif
    let before = swlt_use_ieee_arithmetic()
    swlt_set_arithmetic(flushing)
    let pool = ThreadPool(threadCount: 2)
    let kept = Counts(64)
    pool.run(count: 64) { index, _ in
      var half = Float.leastNormalMagnitude
      Kernels.best.table.pointee.scale(1, 0.5, &half)
      if half.bitPattern == 0x0040_0000 { kept.add(index) }
    }
    let after = swlt_use_ieee_arithmetic()
    swlt_set_arithmetic(before)
    #expect(kept.values.withLock { $0 }.allSatisfy { $0 == 1 })
    #expect(after & flushing == flushing, "the caller's own setting is back")
  }

  /// A job without tasks is released. Otherwise its closure would own the pool, and the pool the closure.
  @Test func forgetsJobsWithoutTasks() async throws {
    weak var pool: ThreadPool?
    pool = try await poolThatRanNothing()
    #expect(pool == nil)
  }

  private func poolThatRanNothing() async throws -> ThreadPool {
    let pool = ThreadPool(threadCount: 1)
    runInThisThread(pool, 0) { _, _ in withExtendedLifetime(pool) {} }
    try await pool.run(count: 0) { _, _ in withExtendedLifetime(pool) {} }
    return pool
  }

  // MARK: Calls from within a task

  /// A call from a task does not wait for a workspace that the task itself, or a task that waits for it, holds.
  @Test(.timeLimit(.minutes(1)), arguments: [1, 2]) func tasksCallTheirPool(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    let counts = Counts(3)
    pool.run(count: 4) { _, outer in
      counts.add(0)
      pool.run(count: 3) { _, middle in
        counts.add(1)
        pool.run(count: 2) { _, inner in
          counts.add(2)
          #expect(inner.workspace !== middle.workspace && middle.workspace !== outer.workspace)
        }
      }
    }
    #expect(counts.values.withLock { $0 } == [4, 12, 24])
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 3]) func loopsOfATeamCallTheirPool(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    let counts = Counts(50)
    pool.run(count: 2) { _, worker in
      worker.withTeam { worker in
        worker.forEach(50) { iteration in
          pool.run(count: 2) { _, worker in
            worker.withTeam { worker in worker.forEach(3) { _ in counts.add(iteration) } }
          }
        }
      }
    }
    #expect(counts.values.withLock { $0 }.allSatisfy { $0 == 12 })
  }

  /// The second pool's thread works for a task of the first pool.
  @Test(.timeLimit(.minutes(1)), arguments: [1, 2]) func poolsCallEachOther(threads: Int) {
    let first = ThreadPool(threadCount: threads), second = ThreadPool(threadCount: threads)
    let counts = Counts(1)
    first.run(count: threads) { _, _ in
      second.run(count: 4) { _, _ in first.run(count: 2) { _, _ in counts.add(0) } }
    }
    #expect(counts.values.withLock { $0 } == [8 * threads])
  }

  /// Memory grows with the depth of the calls, not with their number.
  @Test func callsFromTasksReuseTheirMemory() {
    let pool = ThreadPool(threadCount: 2)
    let workspaces = Monitor<[Workspace]>([])
    for _ in 0..<100 {
      pool.run(count: 2) { _, _ in
        pool.run(count: 2) { _, worker in
          workspaces.withLock { seen in
            if !seen.contains(where: { $0 === worker.workspace }) { seen.append(worker.workspace) }
          }
        }
      }
    }
    #expect(workspaces.withLock { $0.count } <= 4)
  }

  // MARK: Many callers

  /// Jobs leave the queue at its head, at its end and in its middle: done, cancelled, or worked off by their callers.
  @Test(.timeLimit(.minutes(1)), arguments: [1, 3]) func manyCallers(threads: Int) async throws {
    let pool = ThreadPool(threadCount: threads)
    let counts = Counts(2)
    try await withThrowingTaskGroup { group in
      for caller in 0..<600 {
        switch caller % 3 {
        case 0: group.addTask { try await pool.run(count: 5) { _, _ in counts.add(0) } }
        case 1: group.addTask { self.runInThisThread(pool, 5) { _, _ in counts.add(1) } }
        default:
          group.addTask {
            let task = Task { try await pool.run(count: 5) { _, _ in } }
            task.cancel()
            _ = await task.result
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(counts.values.withLock { $0 } == [1000, 1000])
  }

  @Test func misuseTraps() async {
    await #expect(processExitsWith: .failure) { _ = ThreadPool(threadCount: 0) }
  }

  /// A loss that asks its own trainer for the encoder does this.
  @Test(.timeLimit(.minutes(1))) func aThreadThatWouldWaitForItselfTraps() async {
    await #expect(processExitsWith: .failure) {
      let monitor = Monitor(0)
      monitor.withLock { _ in monitor.withLock { $0 += 1 } }
    }
  }

  @Test(arguments: [1, 2]) func performsWhateverHappensToTheCaller(threads: Int) async {
    let pool = ThreadPool(threadCount: threads)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return await pool.perform { worker in worker.threadCount }
    }
    task.cancel()
    #expect(await task.value == 1)
  }

  @Test func cancelledBeforeTheCall() async {
    let pool = ThreadPool(threadCount: 1)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      try await pool.run(count: 1) { _, _ in }
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
