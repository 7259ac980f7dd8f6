// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// What training makes small, and the vectors it is made from.
struct LossOptions: ParsableArguments {
  @Option(help: "The loss.")
  var loss: LossName = .batchHardTriplet

  @Option(help: "How far two vectors are from each other (default: the loss's own).")
  var distance: Distance?

  @Option(
    help: ArgumentHelp(
      "The loss's margin (default: the loss's own; of triplets 5, or 0.3 for vectors of unit length).",
      valueName: "x"))
  var margin: Double?

  @Option(help: ArgumentHelp("What a loss of cosines multiplies them by (default: 20).", valueName: "x"))
  var scale: Double?

  @Option(
    name: .customLong("matryoshka-dims"),
    help: ArgumentHelp(
      "Numbers of first features, as 384,128,64, on each of which the loss is taken, so that vectors can be cut there.",
      valueName: "n,…"))
  var matryoshkaDimensions: DimensionList?

  @Option(
    help: ArgumentHelp(
      """
      What is trained (default: what --model holds). A word-average, a baseline without attention, begins anew with a \
      BERT's vocabulary: give it a --learning-rate of 1e-3 or so.
      """))
  var encoder: EncoderKind?

  @Option(
    help: ArgumentHelp(
      "From tokens to a vector: \(PoolingModes.listing), or several with + between (default: as the model has it).",
      valueName: "mode"))
  var pooling: PoolingModes?

  @Flag(inversion: .prefixedNo, help: "Scale vectors to unit length, or not, whatever the model folder says.")
  var normalize: Bool?

  @Option(
    help: ArgumentHelp(
      "The part of hidden states and attention weights dropped in training (default: as config.json says).",
      valueName: "x"))
  var dropout: Double?

  func validate() throws {
    try check("--margin", margin, atLeast: 0)
    if let dropout, !(dropout >= 0 && dropout < 1) {
      throw ValidationError("--dropout is \(dropout); give a number from 0 to below 1")
    }
    if encoder == .wordAverage, pooling != nil || dropout != nil {
      throw ValidationError(
        "\(pooling != nil ? "--pooling" : "--dropout") does not go with --encoder word-average, which has none")
    }
    if let scale, !(scale > 0 && scale.isFinite) {
      throw ValidationError("--scale is \(scale); give a number above 0")
    }
    if distance != nil && loss.defaultDistance == nil {
      throw ValidationError("--distance does not go with --loss \(loss.rawValue), which has its own measure")
    }
    if scale != nil && loss.defaultScale == nil {
      throw ValidationError("--scale does not go with --loss \(loss.rawValue), which has none")
    }
    if margin != nil && loss.defaultMargin(unitVectors: true) == nil {
      throw ValidationError("--margin does not go with --loss \(loss.rawValue), which has none")
    }
    if matryoshkaDimensions != nil && loss == .softmaxCrossEntropy {
      throw ValidationError("--matryoshka-dims does not go with --loss \(loss.rawValue), which takes whole vectors")
    }
  }

  func apply(to settings: inout FineTuningSettings) {
    settings.encoder = encoder
    settings.loss = loss
    settings.distance = distance
    settings.margin = margin.map { Float($0) }
    settings.scale = scale.map { Float($0) }
    settings.matryoshkaDimensions = matryoshkaDimensions?.dimensions
    settings.pooling = pooling?.modes
    settings.normalize = normalize
    settings.dropout = dropout.map { Float($0) }
  }
}

extension LossName: @retroactive ExpressibleByArgument {}

extension Distance: @retroactive ExpressibleByArgument {}

extension EncoderKind: @retroactive ExpressibleByArgument {}

/// Whole numbers with commas between.
struct DimensionList: ExpressibleByArgument {
  let dimensions: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    dimensions = parts.compactMap { Int($0) }
    guard dimensions.count == parts.count else { return nil }
  }
}
