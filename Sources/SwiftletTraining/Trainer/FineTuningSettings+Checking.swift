// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension FineTuningSettings {
  /// The maximum number of batches of a run: above it a double cannot represent every batch number.
  private static let maximumBatchCount = 1 << 53

  /// - Throws: ``FineTuningError`` for the first setting that is out of range.
  func check() throws(FineTuningError) {
    let atLeastOne = "a number of at least 1"
    try requireSetting("the accumulation", accumulation, "a number from 1 to \(1 << 30)") { 1...1 << 30 ~= $0 }
    switch length {
    case .epochs(let count): try requireSetting("the number of epochs", count, atLeastOne) { $0 >= 1 }
    case .steps(let count):
      let maximum = FineTuningSettings.maximumBatchCount / accumulation
      try requireSetting("the number of steps", count, "a number from 1 to \(maximum)") { 1...maximum ~= $0 }
    }
    try requireSetting("the piece size", pieceSize, atLeastOne) { $0 >= 1 }
    try requireSetting("the precision", precision, "float32 or bfloat16") { $0 != .int8 }
    try requireSetting("the warm-up ratio", warmupRatio, "a number from 0 to 1") { (0...1).contains($0) }
    try requireSetting("dropout", dropout, "a number from 0 to below 1") { (0..<1).contains($0) }
    try requireSetting("the evaluation interval", evaluationInterval, atLeastOne) { $0 >= 1 }
    try requireSetting("the patience", patience, atLeastOne) { $0 >= 1 }
    try requireSetting("the checkpoint interval", checkpointInterval, atLeastOne) { $0 >= 1 }
    let positive = "a number above 0"
    try requireSetting("the learning rate", optimizer.learningRate, positive) { $0 > 0 && $0.isFinite }
    try requireSetting("the weight decay", optimizer.weightDecay, "a number of at least 0") { $0 >= 0 && $0.isFinite }
    for beta in [optimizer.beta1, optimizer.beta2] {
      try requireSetting("a beta", beta, "a number from 0 to below 1") { (0..<1).contains($0) }
    }
    try requireSetting("epsilon", optimizer.epsilon, positive) { $0 > 0 && $0.isFinite }
    for group in optimizer.groups {
      try requireSetting("the learning rate of a group", group.learningRate, "a number of at least 0") {
        $0 >= 0 && $0.isFinite
      }
      try requireSetting("the weight decay of a group", group.weightDecay, "a number of at least 0") {
        $0 >= 0 && $0.isFinite
      }
    }
    try requireSetting("the clip norm", optimizer.gradientNormLimit, positive) { $0 > 0 && $0.isFinite }
    try requireSetting("pooling", pooling, "a mode") { !$0.isEmpty }
  }

  /// The number of updates of one pass over the data.
  func stepsPerEpoch(of batchesPerEpoch: Int) -> Int { dividedRoundingUp(batchesPerEpoch, by: accumulation) }

  /// The number of updates of the run.
  ///
  /// - Throws: ``FineTuningError`` if there are too many epochs to count.
  func stepCount(batchesPerEpoch: Int) throws(FineTuningError) -> Int {
    switch length {
    case .steps(let count): return count
    case .epochs(let count):
      let steps = stepsPerEpoch(of: batchesPerEpoch)
      let maximum = FineTuningSettings.maximumBatchCount / accumulation / steps
      guard count <= maximum else {
        throw .invalidSetting(name: "the number of epochs", value: "\(count)", allowed: "a number from 1 to \(maximum)")
      }
      return count * steps
    }
  }
}
