// SPDX-License-Identifier: Apache-2.0

/// What a running task works with: memory, and other threads for its loops if it leads a team.
package struct Worker: Sendable {
  /// Memory for intermediate results; any thread of the team may take from it. What is needed within one iteration of a loop
  /// is rather taken from the memory that the loop's body gets.
  package let workspace: Workspace

  let queue: JobQueue
  let team: Team?

  /// How many threads may share a loop of this worker.
  package var threadCount: Int { team == nil ? 1 : queue.threadCount }

  /// A worker outside of any pool: its loops run on the calling thread, with memory of their own.
  package static func alone() -> Worker { Worker(workspace: Workspace(), queue: noThreads, team: nil) }

  private static let noThreads = JobQueue(threadCount: 1, spins: false)

  /// This worker, but for its memory.
  package func with(_ workspace: Workspace) -> Worker { Worker(workspace: workspace, queue: queue, team: team) }

  /// Runs `body` with a worker whose loops the pool's idle threads share until it returns or other tasks wait.
  package func withTeam(_ body: (Worker) -> Void) {
    guard queue.threadCount > 1, team == nil else { return body(self) }
    let team = Team(queue: queue)
    let help = Job(count: queue.threadCount - 1, isHelp: true) { _, helper in team.help(helper.workspace) }
    queue.submit(help)
    body(Worker(workspace: workspace, queue: queue, team: team))
    team.disband()
    queue.cancel(help)
  }

  /// Runs `body` on consecutive ranges that cover `whole`, on the threads of the team if there is one, and returns when all
  /// are done. What `body` writes for one index no other may touch.
  ///
  /// - Parameters:
  ///   - step: ranges begin at multiples of it, counted from the whole's beginning.
  ///   - body: is also given temporary memory of the thread that calls it, for which it waits for no other thread.
  package func forEachRange(
    _ whole: Range<Int>, step: Int, _ body: @escaping (_ range: Range<Int>, _ scratch: inout Scratch) -> Void
  ) {
    var scratch = Scratch(workspace)
    if let team, whole.count > step {
      team.share(whole, step: step, &scratch, body)
    } else {
      body(whole, &scratch)
    }
  }

  /// Runs `body` for each index below `count`, as for ranges.
  package func forEach(_ count: Int, _ body: @escaping (Int) -> Void) {
    forEachRange(0..<count, step: 1) { range, _ in
      for index in range { body(index) }
    }
  }
}
