// SPDX-License-Identifier: Apache-2.0

extension Trainer {
  /// Tunes the encoder and writes it to a folder, if one is given.
  ///
  /// If the task is cancelled, the run saves a checkpoint if it has a folder, and throws `CancellationError`. An
  /// interrupted evaluation or mining is repeated when the run is resumed. Without a folder the trainer keeps its
  /// state, and another call continues from there.
  ///
  /// - Parameters:
  ///   - output: the folder for checkpoints and, at the end, the model. It must be absent or empty unless the run is
  ///     resumed. nil: nothing is written, and ``tunedEncoder()`` gives the result.
  ///   - resumes: whether to continue from the newest checkpoint in `output`. The result has the same bits as that of
  ///     an uninterrupted run.
  ///   - companions: the names of the caller's files in `checkpoints/` of `output`, for example a log. They are removed
  ///     with the checkpoints when the run is complete.
  ///   - group: processes that train together. Each has a trainer of the same model, data and settings, and calls this
  ///     with the same arguments; `output` is a folder that they share, to which the first writes. The result has the
  ///     same bits as that of one process. nil: this process alone.
  ///   - isolation: the caller's actor, on which `report` is called. The run computes on other threads.
  ///   - report: called with each event. The run waits until it returns.
  /// - Throws: `CancellationError`; a ``SwiftletError`` if training fails or a file cannot be written; the errors of
  ///   `report`. The run can be resumed after any of them.
  /// - Precondition: This trainer has no other run at the same time.
  @discardableResult
  public func run(
    output: String? = nil, resumes: Bool = false, companions: Set<String> = [], group: (any TrainingGroup)? = nil,
    isolation: isolated (any Actor)? = #isolation, report: (TrainingEvent) throws -> Void = { _ in }
  ) async throws -> FineTuningResult {
    let run = TrainingRun(self, output: output, companions: companions, resumes: resumes, group: group)
    var result: FineTuningResult?
    while let event = try await run.next(isolation: isolation) {
      if case .ended(let end) = event { result = end }
      do {
        try report(event)
      } catch {
        await run.abandon(isolation: isolation)
        throw error
      }
    }
    guard let result else { preconditionFailure("a run that throws nothing ends with its result") }
    return result
  }

  /// Tunes the encoder like ``run(output:resumes:companions:group:isolation:report:)`` and gives the events as a sequence.
  ///
  /// ```swift
  /// for try await event in trainer.events(output: "tuned") {
  ///   if case .stepped(let step) = event { print("step \(step.step): loss \(step.loss)") }
  /// }
  /// ```
  ///
  /// The run works only while the next event is awaited, so events are never lost or buffered. The last event is
  /// ``TrainingEvent/ended(_:)``. Leaving the loop early does not save a checkpoint; to stop and save, cancel the task.
  ///
  /// - Precondition: This trainer has no other run at the same time.
  public func events(
    output: String? = nil, resumes: Bool = false, companions: Set<String> = [], group: (any TrainingGroup)? = nil
  ) -> Events {
    Events(trainer: self, output: output, companions: companions, resumes: resumes, group: group)
  }
}

extension Trainer {
  /// The events of a run of fine-tuning. Each iteration is a run.
  public struct Events: AsyncSequence, Sendable {
    let trainer: Trainer
    let output: String?
    let companions: Set<String>
    let resumes: Bool
    let group: (any TrainingGroup)?

    /// Creates a run, which begins when its first event is awaited.
    public func makeAsyncIterator() -> AsyncIterator {
      AsyncIterator(run: TrainingRun(trainer, output: output, companions: companions, resumes: resumes, group: group))
    }

    /// A run of fine-tuning. It works while its next event is awaited.
    public struct AsyncIterator: AsyncIteratorProtocol {
      let run: TrainingRun

      /// The next event; nil after the last one.
      public mutating func next(isolation actor: isolated (any Actor)?) async throws -> TrainingEvent? {
        try await run.next(isolation: actor)
      }

      /// The next event; nil after the last one.
      public mutating func next() async throws -> TrainingEvent? { try await run.next(isolation: nil) }
    }
  }
}
