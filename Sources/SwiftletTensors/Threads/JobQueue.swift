// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import Synchronization

/// The jobs of a pool, first come first served, and the workspaces that limit how many tasks run at a time.
final class JobQueue: Sendable {
  private struct State {
    /// The jobs with tasks that nobody has begun, and those that only help a task along.
    var jobs = JobList()
    var help = JobList()
    var workspaces: [Workspace]
    /// For synchronous calls from within a task: memory that is no task's.
    var spareWorkspaces: [Workspace] = []
    /// What the pool's sleeping threads wait on, each on its own.
    var sleepers: [Condition] = []
    /// Threads that were woken and have yet to look for a task.
    var waking = 0
    var spinning = 0
    var isStopped = false

    /// The job whose task is to be begun next.
    var next: Job? { jobs.first ?? help.first }

    mutating func append(_ job: Job) {
      if job.isHelp { help.append(job) } else { jobs.append(job) }
    }

    mutating func begin(_ job: Job) -> Int? { job.isHelp ? help.begin(job) : jobs.begin(job) }

    mutating func cancel(_ job: Job) {
      if job.isHelp { help.cancel(job) } else { jobs.cancel(job) }
    }

    /// Takes from the sleepers as many as can begin tasks now, beside the threads that will look for one anyway.
    ///
    /// - Parameter takesPart: whether the calling thread does.
    /// - Returns: what to wake, once the lock is given up.
    mutating func sleepersForTasks(takesPart: Bool) -> ArraySlice<Condition> {
      let waiting = jobs.waiting + help.waiting
      let wanted = min(waiting, workspaces.count - (takesPart ? 1 : 0)) - waking - spinning
      guard wanted > 0 else { return [] }
      var woken = sleepers.suffix(wanted)
      sleepers.removeLast(woken.count)
      waking += woken.count
      // Where the system refused threads, the first job's caller may be the only one left to work on it.
      if woken.count < wanted, let caller = next?.caller { woken.append(caller) }
      return woken
    }

    /// Notes that a thread that slept has the lock, woken or by chance.
    mutating func noteAwake(_ thread: Condition) {
      if let index = sleepers.firstIndex(where: { $0 === thread }) {
        sleepers.remove(at: index)
      } else {
        waking -= 1
      }
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
    /// Whether the workspace is the caller's own, not one of those that limit the tasks.
    let isNested: Bool
  }

  private let monitor: Monitor<State>

  /// Grows with each submission, with the lock held, so that spinning threads see one without it.
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
    let (sleepers, completion) = monitor.withLock { state in
      job.setCompletion(completion)
      append(job, &state)
      noteWaiting(state.jobs.waiting)
      return (state.sleepersForTasks(takesPart: false), job.takeCompletion())
    }
    for thread in sleepers { thread.wakeAll() }
    completion?()
  }

  /// Leaves out those of the job's tasks that nobody has begun.
  func cancel(_ job: Job) {
    let completion = monitor.withLock { state in
      state.cancel(job)
      noteWaiting(state.jobs.waiting)
      return job.takeCompletion()
    }
    completion?()
  }

  /// Returns the workspaces' free memory to the system.
  func emptyWorkspaces() { monitor.withLock { ($0.workspaces + $0.spareWorkspaces).forEach { $0.empty() } } }

  func isCancelled(_ job: Job) -> Bool { monitor.withLock { _ in job.isCancelled } }

  /// Ends the threads once they find no task.
  func stop() {
    let sleepers = monitor.withLock { state in
      state.isStopped = true
      return state.sleepers
    }
    for thread in sleepers { thread.wakeAll() }
  }

  /// The life of a pool's thread.
  func workUntilStopped() {
    let thread = Condition()
    var isSpinning = false, isAsleep = false, seen = 0
    while true {
      let action: Action = monitor.wait(on: thread) { state in
        let submitted = submissions.load(ordering: .relaxed)
        // A job that left nothing for this thread may be followed by one that does.
        let hasSpun = isSpinning && submitted == seen
        if isSpinning { state.spinning -= 1 }
        if isAsleep { state.noteAwake(thread) }
        (isSpinning, isAsleep) = (false, false)
        if let job = state.next, let claim = claimTask(of: job, &state) { return .perform(claim) }
        if state.isStopped { return .stop }
        if !hasSpun && state.spinning < spinnerLimit {
          isSpinning = true
          seen = submitted
          state.spinning += 1
          return .spin
        }
        isAsleep = true
        state.sleepers.append(thread)
        return nil
      }
      switch action {
      case .perform(let claim): perform(claim, isCaller: false)
      case .spin: spinWhileIdle(since: seen)
      case .stop: return
      }
    }
  }

  /// A synchronous caller's part: submits its job, works on it, then waits for the tasks that others have begun.
  ///
  /// The caller begins a task in the step that submits the job: for a single task no other thread is woken.
  ///
  /// - Parameters:
  ///   - caller: the job's.
  ///   - isNested: whether a task of this queue waits for the job. Then the workspaces may all be held by such tasks,
  ///     and the caller works in memory of its own.
  func work(on job: Job, caller: Condition, isNested: Bool) {
    let (own, first, sleepers) = monitor.withLock { state in
      let own = isNested ? state.spareWorkspaces.popLast() ?? Workspace() : nil
      append(job, &state)
      let claim = claimTask(of: job, own: own, &state)
      noteWaiting(state.jobs.waiting)
      return (own, claim, state.sleepersForTasks(takesPart: claim == nil))
    }
    for thread in sleepers { thread.wakeAll() }
    if let first { perform(first, isCaller: true) }
    while true {
      let claim: Claim? = monitor.wait(on: caller) { state -> Claim?? in
        if let claim = claimTask(of: job, own: own, &state) { return .some(claim) }
        return job.isDone ? .some(nil) : nil
      }
      guard let claim else { break }
      perform(claim, isCaller: true)
    }
    if let own { monitor.withLock { $0.spareWorkspaces.append(own) } }
  }

  private func append(_ job: Job, _ state: inout State) {
    state.append(job)
    submissions.add(1, ordering: .relaxed)
  }

  private func claimTask(of job: Job, own: Workspace? = nil, _ state: inout State) -> Claim? {
    guard job.waiting > 0, own != nil || !state.workspaces.isEmpty, let index = state.begin(job) else { return nil }
    noteWaiting(state.jobs.waiting)
    let workspace = own ?? state.workspaces.removeLast()
    return Claim(job: job, index: index, workspace: workspace, isNested: own != nil)
  }

  private func perform(_ claim: Claim, isCaller: Bool) {
    let arithmetic = swlt_use_ieee_arithmetic()
    RunningTask.run(on: self, origin: claim.job.origin) {
      claim.job.task(claim.index, Worker(workspace: claim.workspace, queue: self, team: nil))
    }
    swlt_set_arithmetic(arithmetic)
    let (caller, sleepers, completion) = monitor.withLock { state in
      if !claim.isNested { state.workspaces.append(claim.workspace) }
      claim.job.end()
      let sleepers = state.sleepersForTasks(takesPart: !isCaller || claim.job.waiting > 0)
      return (claim.job.isDone ? claim.job.caller : nil, sleepers, claim.job.takeCompletion())
    }
    caller?.wakeAll()
    for thread in sleepers { thread.wakeAll() }
    completion?()
  }

  private func noteWaiting(_ count: Int) { waitingTasks.store(count, ordering: .relaxed) }

  /// Returns when a job is submitted or a task waits, or after up to about a tenth of a millisecond.
  private func spinWhileIdle(since seen: Int) {
    for _ in 0..<4000 {
      if hasWaitingTasks || submissions.load(ordering: .relaxed) != seen { return }
      swlt_relax()
    }
  }
}
