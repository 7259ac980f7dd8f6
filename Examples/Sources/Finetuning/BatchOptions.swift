// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// Options of batches: their sizes, and how many texts are computed at a time.
struct BatchOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The labels in a batch of labeled texts (default: 16).", valueName: "n"))
  var labelsPerBatch: Int?

  @Option(help: ArgumentHelp("The texts of each label in such a batch (default: 4).", valueName: "n"))
  var samplesPerLabel: Int?

  @Option(
    help: ArgumentHelp(
      "The rows in a batch of triplets or pairs (default: 64). Ranking losses learn more from more.", valueName: "n"))
  var batchSize: Int?

  @Option(
    help: ArgumentHelp("The texts computed at a time: fewer need less memory, and give the same bits.", valueName: "n"))
  var pieceSize = 64

  @Option(help: ArgumentHelp("The batches whose gradients are averaged for a step.", valueName: "n"))
  var accumulate = 1

  private static let most = 1 << 16

  func validate() throws {
    try check("--labels-per-batch", labelsPerBatch, in: 2...BatchOptions.most)
    try check("--samples-per-label", samplesPerLabel, in: 2...BatchOptions.most)
    try check("--batch-size", batchSize, in: 1...BatchOptions.most)
    try check("--piece-size", pieceSize, in: 1...BatchOptions.most)
    try check("--accumulate", accumulate, in: 1...BatchOptions.most)
  }

  /// A usage error for an option that has no meaning for this data.
  func validate(for data: Dataset) throws {
    let isLabeled = data.kind == .labeledTexts
    if isLabeled && batchSize != nil {
      throw ValidationError(
        "--batch-size does not go with labeled texts; give --labels-per-batch and --samples-per-label")
    }
    if !isLabeled && (labelsPerBatch != nil || samplesPerLabel != nil) {
      throw ValidationError(
        "\(labelsPerBatch != nil ? "--labels-per-batch" : "--samples-per-label") goes with labeled texts; give --batch-size"
      )
    }
  }

  func apply(to batches: inout BatchSettings) {
    if let labelsPerBatch { batches.labelsPerBatch = labelsPerBatch }
    if let samplesPerLabel { batches.samplesPerLabel = samplesPerLabel }
    if let batchSize { batches.batchSize = batchSize }
  }

  func apply(to settings: inout FineTuningSettings) {
    settings.pieceSize = pieceSize
    settings.accumulation = accumulate
  }
}
