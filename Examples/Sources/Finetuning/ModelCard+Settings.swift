// SPDX-License-Identifier: Apache-2.0

import Swiftlet

extension ModelCard {
  /// The class of the loss as sentence-transformers would call it.
  var lossClass: String {
    if loss.loss == CandidateRankingLoss.self { return "\(MultipleNegativesRankingLoss.self)" }
    return loss.loss == MeanSquaredErrorLoss.self ? "MSELoss" : "\(loss.loss)"
  }

  /// Each setting and its value.
  var rows: [(name: String, value: String)] {
    let settings = trainer.settings
    var rows = [("encoder", trainer.configuration.architecture), ("loss", loss.loss.name)]
    rows += trainer.loss.parameters.map { ($0.name == "dimensions" ? "Matryoshka dimensions" : $0.name, $0.value) }
    let optimizer = settings.optimizer
    if !isCrossEncoder {
      rows += [
        ("pooling", trainer.pooling.map(\.rawValue).joined(separator: "+")),
        ("unit length", trainer.normalizes ? "yes" : "no"),
      ]
    }
    rows += [
      ("most tokens of a \(isCrossEncoder ? "pair" : "text")", "\(trainer.maxLength)"),
      isLabeled
        ? ("batch", "\(batches.labelsPerBatch) labels with \(batches.samplesPerLabel) texts")
        : ("batch", "\(batches.batchSize) rows"),
      ("batches a step", "\(settings.accumulation)"),
      ("steps", "\(stepCount)"),
      ("learning rate", "\(optimizer.learningRate)"),
      ("schedule", "\(settings.schedule.rawValue), after a warm-up over \(settings.warmupRatio) of the steps"),
      ("weight decay", "\(optimizer.weightDecay)"),
      ("limit of the gradient's norm", optimizer.gradientNormLimit.map { "\($0)" } ?? "none"),
      ("seed", "\(settings.seed)"),
      ("precision", settings.precision.rawValue),
    ]
    if trainer.configuration.layerCount > 0 {
      rows.append(("dropout", settings.dropout.map { "\($0)" } ?? "as config.json says"))
    }
    if isLabeled && loss.takesMinedTriplets {
      rows.append(("negatives", "\(batches.negativesPerAnchor), \(batches.mining.name)"))
      let mining = batches.mining.offlineSettings
      if let interval = mining?.interval { rows.append(("steps between minings", "\(interval)")) }
      if let margin = mining?.margin { rows.append(("margin of negatives", "\(margin)")) }
      if let margin = mining?.relativeMargin { rows.append(("relative margin of negatives", "\(margin)")) }
    }
    if let interval = settings.evaluationInterval { rows.append(("steps between scores", "\(interval)")) }
    if let patience = settings.patience { rows.append(("patience", "\(patience) scores")) }
    if !optimizer.frozen.isEmpty { rows.append(("frozen", optimizer.frozen.joined(separator: " "))) }
    return rows
  }
}
