// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import Synchronization

/// One run of a trainer. It works on its own thread and returns one event at a time.
///
/// The caller is suspended while the thread works, and the thread waits while the caller handles an event.
final class TrainingRun {
  private let trainer: Trainer
  private let folder: RunFolder?
  private let resumes: Bool
  private let group: any TrainingGroup

  /// A separate thread, so that neither the caller's threads nor the computing threads wait for the disk.
  private let thread = ThreadPool(threadCount: 1)
  private var events: ArraySlice<TrainingEvent> = []
  private var failure: (any Error)?
  private var hasBegun = false
  private var isOver = false

  init(_ trainer: Trainer, output: String?, companions: Set<String>, resumes: Bool, group: (any TrainingGroup)?) {
    self.trainer = trainer
    self.resumes = resumes
    self.group = group ?? SingleProcess()
    folder = output.map { RunFolder($0, companions: companions) }
  }

  deinit {
    guard hasBegun, !isOver else { return }
    trainer.state.withLock { $0.leave() }
    trainer.isRunning.store(false, ordering: .releasing)
  }

  /// The next event; nil after the last one.
  func next(isolation: isolated (any Actor)?) async throws -> TrainingEvent? {
    if events.isEmpty, !isOver { await work(isolation: isolation) }
    if let event = events.popFirst() { return event }
    defer { failure = nil }
    if let failure { throw failure }
    return nil
  }

  /// Ends the run because its caller failed to handle an event. Saves a checkpoint first.
  func abandon(isolation: isolated (any Actor)?) async {
    events = []
    guard hasBegun, !isOver else { return }
    let state = trainer.state
    await thread.perform { _ in
      state.withLock {
        $0.saveAfterFailure()
        $0.events = []
        $0.leave()
      }
    }
    end()
  }

  /// Begins or continues the run until there is an event or it is over.
  private func work(isolation: isolated (any Actor)?) async {
    let begins = !hasBegun
    if begins {
      let wasRunning = trainer.isRunning.exchange(true, ordering: .acquiring)
      precondition(!wasRunning, "this trainer is running; wait until its run has ended")
      hasBegun = true
    }
    let state = trainer.state, folder = folder, resumes = resumes, group = group, stop = StopFlag()
    let (events, failure, isOver) = await withTaskCancellationHandler {
      await thread.perform { _ -> ([TrainingEvent], (any Error)?, Bool) in
        state.withLock { state in
          let result = Result {
            if begins { try state.begin(folder, resumes: resumes, group) } else { try state.advance(stop) }
          }
          var failure: (any Error)?
          if case .failure(let error) = result { failure = error }
          let isOver = failure != nil || state.stage == nil
          if isOver { state.leave() }
          defer { state.events = [] }
          return (state.events, failure, isOver)
        }
      }
    } onCancel: {
      stop.request()
    }
    self.events = events[...]
    self.failure = failure
    if isOver { end() }
  }

  private func end() {
    isOver = true
    trainer.isRunning.store(false, ordering: .releasing)
  }
}

/// A flag that tells the working thread of a run that its task was cancelled.
final class StopFlag: Sendable {
  private let isSet = Atomic(false)

  func request() { isSet.store(true, ordering: .releasing) }

  /// Whether the task was cancelled.
  var isRequested: Bool { isSet.load(ordering: .acquiring) }
}
