// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// What training makes small, and the vectors it is made from.
struct LossOptions: ParsableArguments {
  @Option(help: "The loss.")
  var loss = NamedLossType(type: LossChoice.all[0])

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
  var encoder: FineTuningSettings.EncoderKind?

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
    let refused: [(String, Bool, LossChoice)] = [
      ("--distance", distance != nil, LossChoice(loss.type, LossChoice.Parameters(distance: distance))),
      ("--margin", margin != nil, LossChoice(loss.type, LossChoice.Parameters(margin: margin.map { Float($0) }))),
      ("--scale", scale != nil, LossChoice(loss.type, LossChoice.Parameters(scale: scale.map { Float($0) }))),
    ]
    for (option, isGiven, choice) in refused where isGiven {
      do { try choice.check() } catch { throw ValidationError("\(option): \(error)") }
    }
    // Which dimensions vectors have is not known yet.
    if matryoshkaDimensions != nil {
      do { try LossChoice(loss.type, matryoshkaDimensions: [1]).check() } catch {
        throw ValidationError("--matryoshka-dims: \(error)")
      }
    }
  }

  /// The loss, with what its user said of it.
  var choice: LossChoice {
    LossChoice(
      loss.type,
      LossChoice.Parameters(distance: distance, margin: margin.map { Float($0) }, scale: scale.map { Float($0) }),
      matryoshkaDimensions: matryoshkaDimensions?.dimensions)
  }

  func apply(to settings: inout FineTuningSettings) {
    settings.encoder = encoder
    settings.pooling = pooling?.modes
    settings.normalize = normalize
    settings.dropout = dropout.map { Float($0) }
  }
}

/// A loss by its name.
struct NamedLossType: ExpressibleByArgument {
  let type: any NamedLoss.Type

  init(type: any NamedLoss.Type) { self.type = type }

  init?(argument: String) {
    guard let type = try? LossChoice.loss(named: argument) else { return nil }
    self.type = type
  }

  var defaultValueDescription: String { type.name }

  static var allValueStrings: [String] { LossChoice.all.map { $0.name } }
}

extension Distance: @retroactive ExpressibleByArgument {}

extension FineTuningSettings.EncoderKind: @retroactive ExpressibleByArgument {}

/// Whole numbers with commas between.
struct DimensionList: ExpressibleByArgument {
  let dimensions: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    dimensions = parts.compactMap { Int($0) }
    guard dimensions.count == parts.count else { return nil }
  }
}
