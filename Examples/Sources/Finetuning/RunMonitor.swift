// SPDX-License-Identifier: Apache-2.0

import ProgramSupport
import RunReport
import Swiftlet

/// Shows and logs what a trainer tells.
final class RunMonitor {
  private let options: RunOptions
  private let quiet: Bool
  private var progress: ProgressBar?
  private var stepCount = 0
  private var lastStep = 0
  /// The log of --log, if given, then the log that the report is drawn from.
  private var logs: [TrainingLog]

  /// The file from which the report is drawn. It lies beside the checkpoints, and goes with them.
  static let logName = "log.jsonl"

  private var reportLog: String { "\(options.output)/checkpoints/\(RunMonitor.logName)" }

  init(_ options: RunOptions, quiet: Bool) throws {
    self.options = options
    self.quiet = quiet
    logs = try options.log.map { [try TrainingLog(path: $0)] } ?? []
  }

  func report(_ event: TrainingEvent) throws {
    switch event {
    case .started(let step, let stepCount):
      try start(step, stepCount)
    case .stepped(let step):
      lastStep = step.step
      for log in logs { try log.append(step) }
      if step.isSkipped {
        say("step \(step.step): skipped, loss or gradient is NaN or infinite")
      }
      progress?.update(
        count: step.step, fraction: Double(step.step) / Double(stepCount),
        note: "step \(step.step)/\(stepCount)  loss \(rounded(Double(step.loss)))")
    case .evaluated(let step, let evaluation):
      for log in logs { try log.append(evaluation, step: step) }
      say("step \(step): \(evaluation.main.name) \(rounded(evaluation.main.value))")
    case .warned(let message):
      say("Warning: \(message)")
    case .ended(let result): finish(result)
    case .savedCheckpoint, .completing: break
    }
  }

  private func start(_ step: Int, _ stepCount: Int) throws {
    self.stepCount = stepCount
    lastStep = step
    if step > 0 { say("going on after step \(step)") }
    logs.append(try TrainingLog(path: reportLog, holdsAllMetrics: true))
    for log in logs { try log.rewind(to: step) }
    progress = ProgressBar(
      counting: "steps", doneBefore: (step, Double(step) / Double(stepCount)), quiet: quiet)
  }

  /// Writes the card and the report into the model's folder.
  ///
  /// - Parameter comparison: what the encoders before and after make of the evaluation's texts, if these have labels.
  func writeReport(on card: ModelCard, _ result: FineTuningResult, _ comparison: EncoderComparison?) throws {
    try write(card.text, to: "README.md")
    var report = RunReport(title: card.name, data: card.data, stepCount: card.stepCount, log: reportLog)
    report.evaluationData = card.evaluationData
    report.scores = card.scores
    report.mainScore = result.best?.evaluation.main.name
    report.keptStep = result.best?.step
    report.skippedSteps = result.skippedSteps
    report.gradientNormLimit = card.trainer.settings.optimizer.gradientNormLimit
    report.settings = card.rows
    report.comparison = comparison
    try write(try report.html(), to: "report.html")
  }

  private func write(_ text: String, to name: String) throws {
    let output = try Output(path: "\(options.output)/\(name)")
    try output.write(Array(text.utf8))
    try output.finish()
  }

  /// Says how the run ended.
  private func finish(_ result: FineTuningResult) {
    let skipped = result.skippedSteps > 0 ? ", \(result.skippedSteps) of them skipped" : ""
    let done = "\(options.output): done after \(result.stepCount) \(result.stepCount == 1 ? "step" : "steps")\(skipped)"
    switch result.end {
    case .completed: say(done + kept(result))
    case .ranOutOfPatience: say("\(done), as the score rose no more\(kept(result))")
    case .alreadyFinished: say("\(options.output): this run is finished; nothing was changed")
    }
  }

  /// Which weights were kept, and whether they are worth it.
  private func kept(_ result: FineTuningResult) -> String {
    guard let best = result.best else { return "" }
    let score = best.evaluation.main.value
    let kept = "; kept the weights of step \(best.step), whose score \(rounded(score)) is the best"
    guard let before = result.baseline?.main.value, score < before else { return kept }
    return "\(kept) of the run, but below the \(rounded(before)) before training: lower --learning-rate, or keep the "
      + "old model"
  }

  /// Says that a signal stopped the run, once its checkpoint is saved.
  func finishInterrupted() { say("stopped after step \(lastStep); the same command with --resume goes on") }

  /// Leaves a clean line for what others write.
  func clearProgress() { progress?.clear() }

  /// A line on standard error, unless `--quiet`.
  private func say(_ line: String) {
    guard !quiet else { return }
    clearProgress()
    StandardError.print(line)
  }
}
