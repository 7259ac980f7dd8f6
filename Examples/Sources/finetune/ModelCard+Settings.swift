// SPDX-License-Identifier: Apache-2.0

import Swiftlet

extension ModelCard {
  /// The class of the loss as sentence-transformers would call it.
  var lossClass: String {
    switch trainer.settings.loss {
    case .coSENT: "CoSENTLoss"
    case .anglE: "AnglELoss"
    case .meanSquaredError: "MSELoss"
    case .multipleNegativesSymmetricRanking: "MultipleNegativesSymmetricRankingLoss"
    case let loss:
      loss.rawValue.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Loss"
    }
  }

  /// Each setting and its value.
  var rows: [(name: String, value: String)] {
    let settings = trainer.settings
    var rows = [("encoder", trainer.configuration.architecture), ("loss", settings.loss.rawValue)]
    if let distance = settings.distance ?? settings.loss.defaultDistance {
      rows.append(("distance", distance.rawValue))
    }
    let standard = settings.loss.defaultMargin(
      distance: settings.distance, unitVectors: trainer.normalizes || settings.matryoshkaDimensions != nil)
    if let margin = settings.margin ?? standard { rows.append(("margin", "\(margin)")) }
    if let scale = settings.scale ?? settings.loss.defaultScale { rows.append(("scale", "\(scale)")) }
    if let dimensions = settings.matryoshkaDimensions {
      rows.append(("Matryoshka dimensions", dimensions.map(String.init).joined(separator: " ")))
    }
    let optimizer = settings.optimizer
    rows += [
      ("pooling", trainer.pooling.map(\.rawValue).joined(separator: "+")),
      ("unit length", trainer.normalizes ? "yes" : "no"),
      ("most tokens of a text", "\(trainer.maxLength)"),
      isLabeled
        ? ("batch", "\(settings.labelsPerBatch) labels with \(settings.samplesPerLabel) texts")
        : ("batch", "\(settings.batchSize) rows"),
      ("batches a step", "\(settings.accumulation)"),
      ("steps", "\(stepCount)"),
      ("learning rate", "\(optimizer.learningRate)"),
      ("schedule", "\(settings.schedule.rawValue), after a warm-up over \(settings.warmupRatio) of the steps"),
      ("weight decay", "\(optimizer.weightDecay)"),
      ("limit of the gradient's norm", optimizer.gradientNormLimit.map { "\($0)" } ?? "none"),
      ("seed", "\(settings.seed)"),
      ("precision", "float32"),
    ]
    if trainer.configuration.architecture != EncoderKind.wordAverage.rawValue {
      rows.append(("dropout", settings.dropout.map { "\($0)" } ?? "as config.json says"))
    }
    if isLabeled && settings.loss.takesMinedTriplets {
      rows.append(("negatives", "\(settings.negativesPerAnchor), \(settings.mining.rawValue)"))
      let mining = settings.offlineMining
      if let interval = mining.interval { rows.append(("steps between minings", "\(interval)")) }
      if let margin = mining.margin { rows.append(("margin of negatives", "\(margin)")) }
      if let margin = mining.relativeMargin { rows.append(("relative margin of negatives", "\(margin)")) }
    }
    if let interval = settings.evaluationInterval { rows.append(("steps between scores", "\(interval)")) }
    if let patience = settings.patience { rows.append(("patience", "\(patience) scores")) }
    if !optimizer.frozen.isEmpty { rows.append(("frozen", optimizer.frozen.joined(separator: " "))) }
    return rows
  }
}
