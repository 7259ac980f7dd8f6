// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// Shows how to train with a loss of one's own: ``SupervisedContrastiveLoss``.
@main
struct CustomLossCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "custom-loss",
    abstract: "Tunes an encoder by a loss that is written here, the supervised contrastive one, and prints the scores.",
    discussion: "An example to copy from; the tuned encoder is not saved. Tables have columns text and label.",
    version: swiftletVersion)

  @OptionGroup var common: CommonOptions
  @OptionGroup var tables: TableOptions

  @Option(help: ArgumentHelp("The table to learn from.", valueName: "file"))
  var train: String

  @Option(help: ArgumentHelp("The table to score the model on.", valueName: "file"))
  var eval: String

  @Option(help: ArgumentHelp("How many steps to take.", valueName: "n"))
  var steps = 60

  @Option(help: ArgumentHelp("What similarities are divided by.", valueName: "x"))
  var temperature = 0.1

  func validate() throws {
    try check("--steps", steps, in: 1...1_000_000)
    try check("--temperature", temperature, above: 0)
  }

  func run() async throws {
    Interruption.handleSignals()
    guard case .labeledTexts(let texts) = try tables.read(train, as: .labeledTexts, warn: common.warn) else { return }
    var settings = FineTuningSettings()
    settings.length = .steps(steps)
    settings.normalize = true
    settings.maxLength = common.maxLength
    settings.threadCount = common.threads
    settings.precision = common.precision
    let trainer = try Trainer(
      model: common.modelFolder(), data: .labeled(texts),
      loss: SupervisedContrastiveLoss(temperature: Float(temperature)),
      evaluation: tables.read(eval, as: .labeledTexts, warn: common.warn), settings: settings)
    var progress = ProgressBar(counting: "steps", quiet: common.quiet)
    try await trainer.run { event in
      switch event {
      case .stepped(let step):
        progress.update(count: step.step, fraction: Double(step.step) / Double(steps), note: "loss \(step.loss)")
      case .evaluated(let step, let evaluation):
        progress.clear()
        print("step \(step): \(evaluation.main.name) \(evaluation.main.value)")
      case .warned(let message): common.warn(message)
      default: break
      }
    }
    progress.clear()
  }
}
