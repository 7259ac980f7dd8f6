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
      "By how much nearer positives must be than negatives (default: 5, or 0.3 for vectors of unit length).",
      valueName: "x"))
  var margin: Double?

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
    if margin != nil && loss.defaultMargin(unitVectors: true) == nil {
      throw ValidationError("--margin does not go with --loss \(loss.rawValue), which has none")
    }
  }

  func apply(to settings: inout FineTuningSettings) {
    settings.loss = loss
    settings.distance = distance
    settings.margin = margin.map { Float($0) }
    settings.pooling = pooling?.modes
    settings.normalize = normalize
    settings.dropout = dropout.map { Float($0) }
  }
}

extension LossName: @retroactive ExpressibleByArgument {
  /// Those that trainers take.
  private static var available: [LossName] {
    allCases.filter { name in
      switch try? name.loss(unitVectors: true) {
      case .labeled, .triplets: true
      default: false
      }
    }
  }

  /// The names of these, for help and errors.
  public static var allValueStrings: [String] { available.map(\.rawValue) }

  /// The loss of this name.
  public init?(argument: String) {
    guard let loss = LossName.available.first(where: { $0.rawValue == argument }) else { return nil }
    self = loss
  }
}

extension Distance: @retroactive ExpressibleByArgument {}
