// SPDX-License-Identifier: Apache-2.0

import SwiftletTraining
import Testing

/// Runs a trainer in a task that is cancelled at the first event for which `isLast` is true, and returns what happened.
///
/// - Parameter isLast: nil to cancel the task before the run.
@discardableResult
func runCancelled(
  _ trainer: Trainer, output: String?, resumes: Bool = false, at isLast: (@Sendable (TrainingEvent) -> Bool)? = nil
) async -> [TrainingEvent] {
  func cancel() { withUnsafeCurrentTask { $0?.cancel() } }
  let task = Task {
    var events: [TrainingEvent] = []
    if isLast == nil { cancel() }
    await #expect(throws: CancellationError.self) {
      try await trainer.run(output: output, resumes: resumes) { event in
        events.append(event)
        if let isLast, isLast(event) { cancel() }
      }
    }
    return events
  }
  return await task.value
}

/// Does the same, but cancels the task after `step` updates.
@discardableResult
func runCancelled(
  _ trainer: Trainer, output: String?, resumes: Bool = false, afterStep step: Int
) async -> [TrainingEvent] {
  if step == 0 { return await runCancelled(trainer, output: output, resumes: resumes) }
  return await runCancelled(trainer, output: output, resumes: resumes) { event in
    if case .stepped(let report) = event { report.step == step } else { false }
  }
}
