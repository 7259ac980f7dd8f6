// SPDX-License-Identifier: Apache-2.0

extension Trainer {
  /// Tunes the encoder, and writes it to a folder if one is given.
  ///
  /// If the task is cancelled, the run saves a checkpoint, provided that it has a folder, and throws
  /// `CancellationError`; an evaluation or mining that this cuts short is done when the run is resumed. Without a folder
  /// the trainer keeps its state: another call goes on from there.
  ///
  /// - Parameters:
  ///   - output: the folder for checkpoints while the run goes on and for the model when it is done; absent or empty
  ///     unless the run is resumed. nil: nothing is written, ``tunedEncoder()`` gives the result.
  ///   - resumes: whether to go on from the newest checkpoint in `output`, with the same bits at the end as a run that
  ///     was never interrupted.
  ///   - companions: the names of files that the caller keeps in `checkpoints/` of `output`, as a log; they are removed
  ///     with the checkpoints once the run is complete.
  ///   - isolation: the caller's actor, which calls `report`; the run computes on other threads.
  ///   - report: hears what happens. The run waits for it.
  /// - Throws: `CancellationError`, ``FineTuningError``, `CheckpointStoreError`, `FileError`, or what `report` throws,
  ///   after which the run can be resumed, too.
  /// - Precondition: No other run of this trainer is going on.
  @discardableResult
  public func run(
    output: String? = nil, resumes: Bool = false, companions: Set<String> = [],
    isolation: isolated (any Actor)? = #isolation, report: (TrainingEvent) throws -> Void = { _ in }
  ) async throws -> FineTuningResult {
    let run = TrainingRun(self, output: output, companions: companions, resumes: resumes)
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

  /// Tunes the encoder as ``run(output:resumes:companions:isolation:report:)`` does, as a sequence of what happens.
  ///
  /// ```swift
  /// for try await event in trainer.events(output: "tuned") {
  ///   if case .stepped(let step) = event { print("step \(step.step): loss \(step.loss)") }
  /// }
  /// ```
  ///
  /// The run works only while the next event is awaited: none is lost, and none waits in a buffer. The last one is
  /// ``TrainingEvent/ended(_:)``. A run whose loop is left early is not saved, but for the checkpoints that it has:
  /// cancel the task to stop and save.
  ///
  /// - Precondition: No other run of this trainer is going on.
  public func events(
    output: String? = nil, resumes: Bool = false, companions: Set<String> = []
  ) -> Events {
    Events(trainer: self, output: output, companions: companions, resumes: resumes)
  }
}

extension Trainer {
  /// What happens in a run of fine-tuning. Each iteration is a run.
  public struct Events: AsyncSequence, Sendable {
    let trainer: Trainer
    let output: String?
    let companions: Set<String>
    let resumes: Bool

    /// A run, which begins when its first event is awaited.
    public func makeAsyncIterator() -> AsyncIterator {
      AsyncIterator(run: TrainingRun(trainer, output: output, companions: companions, resumes: resumes))
    }

    /// A run of fine-tuning that goes on while its next event is awaited.
    public struct AsyncIterator: AsyncIteratorProtocol {
      let run: TrainingRun

      /// The next event; nil after the last.
      public mutating func next(isolation actor: isolated (any Actor)?) async throws -> TrainingEvent? {
        try await run.next(isolation: actor)
      }

      /// The next event; nil after the last.
      public mutating func next() async throws -> TrainingEvent? { try await run.next(isolation: nil) }
    }
  }
}
