// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport

/// Options of a run: tables, output folder, evaluation, checkpoints, log.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The table to learn from.", valueName: "file"))
  var train: String

  @Option(help: ArgumentHelp("The folder for the tuned model; absent or empty, unless --resume.", valueName: "dir"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "A table to score the model on, before, during and after; the best weights are kept.", valueName: "file"))
  var eval: String?

  @Option(help: ArgumentHelp("Score every so many steps (default: once an epoch).", valueName: "n"))
  var evalEvery: Int?

  @Option(help: ArgumentHelp("Stop when so many scores in a row were not the best.", valueName: "n"))
  var patience: Int?

  @Option(help: ArgumentHelp("Save every so many steps what --resume needs.", valueName: "n"))
  var checkpointEvery = 500

  @Flag(help: "Go on where a run with this --output was stopped; the result has the same bits.")
  var resume = false

  @Option(help: ArgumentHelp("Write each step and score as a line of JSON.", valueName: "file"))
  var log: String?

  private static let most = 1 << 30

  func validate() throws {
    try check("--eval-every", evalEvery, in: 1...RunOptions.most)
    try check("--patience", patience, in: 1...RunOptions.most)
    try check("--checkpoint-every", checkpointEvery, in: 1...RunOptions.most)
    if eval == nil, evalEvery != nil || patience != nil {
      throw ValidationError("\(evalEvery != nil ? "--eval-every" : "--patience") needs --eval")
    }
  }
}
