// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// Options of the loss, and of the vectors that it is computed from.
struct LossOptions: ParsableArguments {
  @Flag(help: "Train a cross-encoder, which scores pairs: the model folder must be one, with one label.")
  var crossEncoder = false

  @Option(
    name: .customLong("loss"),
    help: ArgumentHelp(
      "The loss (default: \(LossChoice.all[0].name); with --cross-encoder \(LossChoice.ofCrossEncoders[0].name)).",
      valueName: "name"))
  var lossName: LossName?

  @Option(help: "How far two vectors are from each other (default: the loss's own).")
  var distance: Distance?

  @Option(
    help: ArgumentHelp(
      "The loss's margin (default: the loss's own; of triplets 5, or 0.3 for vectors of unit length).",
      valueName: "x"))
  var margin: Double?

  @Option(
    help: ArgumentHelp(
      "What a loss of cosines multiplies them by (default: 20), or a cross-encoder's ranking loss its scores (10).",
      valueName: "x"))
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
      transformer's vocabulary: give it a --learning-rate of 1e-3 or so.
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
    let loss: any NamedLoss.Type
    do { loss = try lossType() } catch { throw ValidationError("--loss: \(error)") }
    let ofVectors: [(String, Bool)] = [
      ("--encoder", encoder != nil), ("--pooling", pooling != nil), ("--normalize", normalize != nil),
      ("--matryoshka-dims", matryoshkaDimensions != nil),
    ]
    if crossEncoder, let option = ofVectors.first(where: \.1) {
      throw ValidationError("\(option.0) does not go with --cross-encoder, which has no vectors of texts")
    }
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
      ("--distance", distance != nil, LossChoice(loss, LossChoice.Parameters(distance: distance))),
      ("--margin", margin != nil, LossChoice(loss, LossChoice.Parameters(margin: margin.map { Float($0) }))),
      ("--scale", scale != nil, LossChoice(loss, LossChoice.Parameters(scale: scale.map { Float($0) }))),
    ]
    for (option, isGiven, choice) in refused where isGiven {
      do { try choice.check() } catch { throw ValidationError("\(option): \(error)") }
    }
    // Which dimensions vectors have is not known yet.
    if matryoshkaDimensions != nil {
      do { try LossChoice(loss, matryoshkaDimensions: [1]).check() } catch {
        throw ValidationError("--matryoshka-dims: \(error)")
      }
    }
  }

  /// The loss, with what its user said of it.
  var choice: LossChoice {
    get throws {
      LossChoice(
        try lossType(),
        LossChoice.Parameters(distance: distance, margin: margin.map { Float($0) }, scale: scale.map { Float($0) }),
        matryoshkaDimensions: matryoshkaDimensions?.dimensions)
    }
  }

  private func lossType() throws -> any NamedLoss.Type {
    let standard = crossEncoder ? LossChoice.ofCrossEncoders[0] : LossChoice.all[0]
    return try lossName.map { try LossChoice.loss(named: $0.name, isForCrossEncoder: crossEncoder) } ?? standard
  }

  func apply(to settings: inout FineTuningSettings) {
    settings.encoder = encoder
    settings.pooling = pooling?.modes
    settings.normalize = normalize
    settings.dropout = dropout.map { Float($0) }
  }
}

/// The name of a loss, of sentence encoders or of cross-encoders.
struct LossName: ExpressibleByArgument {
  let name: String

  init?(argument: String) {
    guard LossName.allValueStrings.contains(argument) else { return nil }
    name = argument
  }

  static var allValueStrings: [String] {
    let names = LossChoice.all.map { $0.name }
    return names + LossChoice.ofCrossEncoders.map { $0.name }.filter { !names.contains($0) }
  }
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
