// SPDX-License-Identifier: Apache-2.0

import CKernels
import Synchronization

/// The jobs of a pool, first come first served, and the workspaces that limit how many tasks run at a time.
final class JobQueue: Sendable {
  private struct State {
    /// Those with tasks that nobody has begun.
    var jobs: [Job] = []
    var workspaces: [Workspace]
    /// The pool's threads that sleep, that were woken and have yet to look for a task, and that spin.
    var asleep = 0
    var waking = 0
    var spinning = 0
    var isStopped = false

    /// Counts as woken as many threads as can begin tasks now, beside those that will look for one anyway.
    ///
    /// - Returns: how many are to be woken, once the lock is given up.
    mutating func wakeForTasks() -> Int {
      let waiting = jobs.reduce(0) { $0 + $1.waiting }
      let count = min(max(min(waiting, workspaces.count) - waking - spinning, 0), asleep)
      asleep -= count
      waking += count
      return count
    }

    /// Notes that a thread that was asleep has the lock, woken or by chance.
    mutating func noteAwake() {
      if waking > 0 { waking -= 1 } else { asleep -= 1 }
    }
  }

  /// What a thread of the pool does next.
  private enum Action {
    case perform(Claim)
    case spin
    case stop
  }

  private struct Claim {
    let job: Job
    let index: Int
    let workspace: Workspace
  }

  private let monitor: Monitor<State>

  /// Where the pool's threads sleep.
  private let threads = Condition()

  /// Where synchronous callers wait for the ends of their jobs.
  private let callers = Condition()

  /// Grows with each submission, so that idle threads see one without the lock.
  private let submissions = Atomic<Int>(0)

  /// Tasks, help aside, that nobody has begun.
  private let waitingTasks = Atomic<Int>(0)

  /// Whether waiting threads may spin: there is a processor for each of them.
  let spins: Bool

  let threadCount: Int

  /// How many threads may spin: a synchronous caller needs a processor too.
  private var spinnerLimit: Int { spins ? threadCount - 1 : 0 }

  init(threadCount: Int, spins: Bool) {
    self.threadCount = threadCount
    self.spins = spins
    monitor = Monitor(State(workspaces: (0..<threadCount).map { _ in Workspace() }))
  }

  /// Whether tasks wait that a thread helping another had better begin.
  var hasWaitingTasks: Bool { waitingTasks.load(ordering: .relaxed) > 0 }

  /// - Parameter completion: called once, from any thread, when all tasks have ended.
  func submit(_ job: Job, completion: (@Sendable () -> Void)? = nil) {
    let (wanted, completion) = monitor.withLock { state in
      job.setCompletion(completion)
      state.jobs.append(job)
      updateWaiting(&state)
      return (state.wakeForTasks(), job.takeCompletion())
    }
    submissions.add(1, ordering: .releasing)
    threads.wake(wanted)
    completion?()
  }

  /// Leaves out those of the job's tasks that nobody has begun.
  func cancel(_ job: Job) {
    let completion = monitor.withLock { state in
      job.cancel()
      updateWaiting(&state)
      return job.takeCompletion()
    }
    completion?()
  }

  /// Returns the workspaces' free memory to the system.
  func emptyWorkspaces() { monitor.withLock { $0.workspaces.forEach { $0.empty() } } }

  func isCancelled(_ job: Job) -> Bool { monitor.withLock { _ in job.isCancelled } }

  /// Sends the threads home once the jobs are done.
  func stop() {
    monitor.withLock { $0.isStopped = true }
    threads.wakeAll()
  }

  /// The life of a pool's thread.
  func workUntilStopped() {
    var isSpinning = false, isAsleep = false
    while true {
      let action: Action = monitor.wait(on: threads) { state in
        let hasSpun = isSpinning
        if isSpinning { state.spinning -= 1 }
        if isAsleep { state.noteAwake() }
        (isSpinning, isAsleep) = (false, false)
        let job = state.jobs.first { !$0.isHelp } ?? state.jobs.first
        if let job, let claim = claimTask(of: job, &state) { return .perform(claim) }
        if state.isStopped && state.jobs.isEmpty { return .stop }
        if !hasSpun && state.spinning < spinnerLimit {
          isSpinning = true
          state.spinning += 1
          return .spin
        }
        isAsleep = true
        state.asleep += 1
        return nil
      }
      switch action {
      case .perform(let claim): perform(claim, isCaller: false)
      case .spin: spinWhileIdle()
      case .stop: return
      }
    }
  }

  /// A synchronous caller's part: works on its own job, then waits for the tasks that others have begun.
  func workUntilDone(_ job: Job) {
    while true {
      let claim: Claim? = monitor.wait(on: callers) { state -> Claim?? in
        if let claim = claimTask(of: job, &state) { return .some(claim) }
        return job.isDone ? .some(nil) : nil
      }
      guard let claim else { return }
      perform(claim, isCaller: true)
    }
  }

  private func claimTask(of job: Job, _ state: inout State) -> Claim? {
    guard job.waiting > 0, let workspace = state.workspaces.popLast(), let index = job.begin() else { return nil }
    updateWaiting(&state)
    return Claim(job: job, index: index, workspace: workspace)
  }

  private func perform(_ claim: Claim, isCaller: Bool) {
    let arithmetic = ck_use_ieee_arithmetic()
    claim.job.task(claim.index, Worker(workspace: claim.workspace, queue: self, team: nil))
    ck_set_arithmetic(arithmetic)
    let (wakesCallers, wanted, completion) = monitor.withLock { state in
      state.workspaces.append(claim.workspace)
      claim.job.end()
      // A thread of the pool takes the next task itself.
      let wanted = isCaller && claim.job.waiting == 0 ? state.wakeForTasks() : 0
      return (claim.job.isDone || !state.jobs.isEmpty, wanted, claim.job.takeCompletion())
    }
    if wakesCallers { callers.wakeAll() }
    threads.wake(wanted)
    completion?()
  }

  /// Keeps no job that has nothing left to begin: its task may own the pool, which then would never end.
  private func updateWaiting(_ state: inout State) {
    state.jobs.removeAll { $0.waiting == 0 }
    let waiting = state.jobs.reduce(0) { $0 + ($1.isHelp ? 0 : $1.waiting) }
    waitingTasks.store(waiting, ordering: .relaxed)
  }

  /// Returns when a task waits or a job is submitted, or after some microseconds.
  private func spinWhileIdle() {
    let seen = submissions.load(ordering: .relaxed)
    for _ in 0..<1000 {
      if hasWaitingTasks || submissions.load(ordering: .acquiring) != seen { return }
      ck_relax()
    }
  }
}
