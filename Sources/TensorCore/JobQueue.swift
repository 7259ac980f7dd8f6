// SPDX-License-Identifier: Apache-2.0

import CKernels
import Synchronization

/// The jobs of a pool, first come first served, and the workspaces that limit how many tasks run at a time.
final class JobQueue: Sendable {
  private struct State {
    /// Those with tasks that nobody has begun.
    var jobs: [Job] = []
    var workspaces: [Workspace]
    var isStopped = false
  }

  private struct Claim {
    let job: Job
    let index: Int
    let workspace: Workspace
  }

  private let monitor: Monitor<State>

  /// Grows with each submission, so that idle threads see one without the lock.
  private let submissions = Atomic<Int>(0)

  /// Tasks, help aside, that nobody has begun.
  private let waitingTasks = Atomic<Int>(0)

  /// Whether waiting threads may spin: there is a processor for each of them.
  let spins: Bool

  let threadCount: Int

  init(threadCount: Int, spins: Bool) {
    self.threadCount = threadCount
    self.spins = spins
    monitor = Monitor(State(workspaces: (0..<threadCount).map { _ in Workspace() }))
  }

  /// Whether tasks wait that a thread helping another had better begin.
  var hasWaitingTasks: Bool { waitingTasks.load(ordering: .relaxed) > 0 }

  /// - Parameter completion: called once, from any thread, when all tasks have ended.
  func submit(_ job: Job, completion: (@Sendable () -> Void)? = nil) {
    let completion = monitor.withLock { state in
      job.setCompletion(completion)
      state.jobs.append(job)
      updateWaiting(&state)
      return job.takeCompletion()
    }
    submissions.add(1, ordering: .releasing)
    monitor.wakeAll()
    completion?()
  }

  /// Leaves out those of the job's tasks that nobody has begun.
  func cancel(_ job: Job) {
    let completion = monitor.withLock { state in
      job.cancel()
      updateWaiting(&state)
      return job.takeCompletion()
    }
    monitor.wakeAll()
    completion?()
  }

  /// Returns the workspaces' free memory to the system.
  func emptyWorkspaces() { monitor.withLock { $0.workspaces.forEach { $0.empty() } } }

  func isCancelled(_ job: Job) -> Bool { monitor.withLock { _ in job.isCancelled } }

  /// Sends the threads home once the jobs are done.
  func stop() {
    monitor.withLock { $0.isStopped = true }
    monitor.wakeAll()
  }

  /// The life of a pool's thread.
  func workUntilStopped() {
    while true {
      spinWhileIdle()
      let claim: Claim? = monitor.wait { state -> Claim?? in
        let job = state.jobs.first { !$0.isHelp } ?? state.jobs.first
        if let job, let claim = claimTask(of: job, &state) { return .some(claim) }
        return state.isStopped && state.jobs.isEmpty ? .some(nil) : nil
      }
      guard let claim else { return }
      perform(claim)
    }
  }

  /// A synchronous caller's part: works on its own job, then waits for the tasks that others have begun.
  func workUntilDone(_ job: Job) {
    while true {
      let claim: Claim? = monitor.wait { state -> Claim?? in
        if let claim = claimTask(of: job, &state) { return .some(claim) }
        return job.isDone ? .some(nil) : nil
      }
      guard let claim else { return }
      perform(claim)
    }
  }

  private func claimTask(of job: Job, _ state: inout State) -> Claim? {
    guard job.waiting > 0, let workspace = state.workspaces.popLast(), let index = job.begin() else { return nil }
    updateWaiting(&state)
    return Claim(job: job, index: index, workspace: workspace)
  }

  private func perform(_ claim: Claim) {
    let arithmetic = ck_use_ieee_arithmetic()
    claim.job.task(claim.index, Worker(workspace: claim.workspace, queue: self, team: nil))
    ck_set_arithmetic(arithmetic)
    let (wakesOthers, completion) = monitor.withLock { state in
      state.workspaces.append(claim.workspace)
      claim.job.end()
      return (claim.job.isDone || !state.jobs.isEmpty, claim.job.takeCompletion())
    }
    if wakesOthers { monitor.wakeAll() }
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
    guard spins else { return }
    let seen = submissions.load(ordering: .relaxed)
    for _ in 0..<1000 {
      if hasWaitingTasks || submissions.load(ordering: .acquiring) != seen { return }
      ck_relax()
    }
  }
}
