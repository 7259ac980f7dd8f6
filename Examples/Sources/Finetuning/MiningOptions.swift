// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// Where the negatives come from when a loss of triplets, pairs or rankings learns from labeled texts.
struct MiningOptions: ParsableArguments {
  @Option(
    help: "The negatives: nearest in the batch, random, or offline, the nearest of all texts (default: in-batch).")
  var mine: MiningName?

  @Option(help: ArgumentHelp("The negatives of each text (default: 1).", valueName: "n"))
  var negatives: Int?

  @Option(
    help: ArgumentHelp("Mine offline anew every so many steps (default: once, before the first).", valueName: "n"))
  var remineEvery: Int?

  @Option(
    help: ArgumentHelp(
      "Take no text whose cosine is not this much below that of the nearest text of the label.", valueName: "x"))
  var negativeMargin: Double?

  @Option(help: ArgumentHelp("The same as a part of that cosine.", valueName: "x"))
  var negativeRelativeMargin: Double?

  private static let most = 1 << 16

  func validate() throws {
    try check("--negatives", negatives, in: 1...MiningOptions.most)
    try check("--remine-every", remineEvery, in: 1...1 << 30)
    try check("--negative-margin", negativeMargin, atLeast: 0)
    try check("--negative-relative-margin", negativeRelativeMargin, in: 0...1)
    let ofOffline: [(String, Bool)] = [
      ("--remine-every", remineEvery != nil), ("--negative-margin", negativeMargin != nil),
      ("--negative-relative-margin", negativeRelativeMargin != nil),
    ]
    if mine != .offline, let option = ofOffline.first(where: \.1) {
      throw ValidationError("\(option.0) goes with --mine offline")
    }
  }

  /// A usage error for an option that has no meaning for this loss and data.
  func validate(for loss: LossChoice, on data: Dataset) throws {
    guard let option = negatives != nil ? "--negatives" : mine != nil ? "--mine" : nil else { return }
    if data.kind != .labeledTexts {
      throw ValidationError("\(option) goes with labeled texts, not with \(data.kind)")
    }
    if !loss.takesMinedTriplets && (negatives != nil || mine != .inBatch) {
      throw ValidationError(
        "\(option) goes with losses of triplets, pairs or rankings, as triplet, not with \(loss.loss.name)")
    }
  }

  func apply(to batches: inout BatchSettings) {
    switch mine ?? .inBatch {
    case .inBatch: batches.mining = .inBatch
    case .random: batches.mining = .random
    case .offline:
      batches.mining = .offline(
        Mining.OfflineSettings(
          interval: remineEvery, margin: negativeMargin.map { Float($0) },
          relativeMargin: negativeRelativeMargin.map { Float($0) }))
    }
    if let negatives { batches.negativesPerAnchor = negatives }
  }
}

/// What --mine may be.
enum MiningName: String, ExpressibleByArgument, CaseIterable {
  case inBatch = "in-batch"
  case random
  case offline
}
