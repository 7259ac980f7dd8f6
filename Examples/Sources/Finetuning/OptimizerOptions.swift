// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// Options of the optimizer: length of training, learning rate, frozen parameters.
struct OptimizerOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How often to go through the data (default: 1).", valueName: "n"))
  var epochs: Int?

  @Option(help: ArgumentHelp("How many steps to take, instead of --epochs.", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("AdamW's learning rate after the warm-up.", valueName: "x"))
  var learningRate = 2e-5

  @Option(
    help: ArgumentHelp("AdamW's decay of the weights; biases and layer norms have none.", valueName: "x"))
  var weightDecay = 0.01

  @Option(help: ArgumentHelp("The part of the steps over which the rate rises.", valueName: "x"))
  var warmupRatio = 0.1

  @Option(help: "How the rate goes on after that.")
  var schedule: FineTuningSettings.Schedule = .linear

  @Option(help: ArgumentHelp("The length to which a longer gradient is cut; inf: none is.", valueName: "x"))
  var clipNorm = 1.0

  @Option(
    help: ArgumentHelp(
      "Leave parameters as they are, by name: * is any text, ? any character; may be given several times.",
      valueName: "pattern"))
  var freeze: [String] = []

  @Option(help: ArgumentHelp("What determines all random choices.", valueName: "n"))
  var seed: UInt64 = 0

  private static let most = 1 << 30

  func validate() throws {
    if epochs != nil && steps != nil { throw ValidationError("give --epochs or --steps, not both") }
    try check("--epochs", epochs, in: 1...OptimizerOptions.most)
    try check("--steps", steps, in: 1...OptimizerOptions.most)
    try check("--learning-rate", learningRate, above: 0)
    try check("--weight-decay", weightDecay, atLeast: 0)
    try check("--warmup-ratio", warmupRatio, in: 0...1)
    if !(clipNorm > 0) { throw ValidationError("--clip-norm is \(clipNorm); give a number above 0") }
  }

  func apply(to settings: inout FineTuningSettings) {
    settings.length = steps.map { .steps($0) } ?? .epochs(epochs ?? 1)
    settings.optimizer.learningRate = learningRate
    settings.optimizer.weightDecay = weightDecay
    settings.optimizer.gradientNormLimit = clipNorm.isFinite ? clipNorm : nil
    settings.optimizer.frozen = freeze
    settings.warmupRatio = warmupRatio
    settings.schedule = schedule
    settings.seed = seed
  }
}

extension FineTuningSettings.Schedule: @retroactive ExpressibleByArgument {}
