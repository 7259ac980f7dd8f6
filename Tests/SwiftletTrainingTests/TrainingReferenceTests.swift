// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

@testable import SwiftletTraining

/// Compares training of the bundled model with PyTorch's, which Scripts/train_reference.py has written to the folder in
/// `SWIFTLET_TRAINING_REFERENCE`.
struct TrainingReferenceTests {
  @Test(.enabled(if: referenceFolder != nil))
  func stepsFollowPyTorchs() throws {
    let folder = Self.referenceFolder ?? ""
    let batches = try Self.batches(folder + "/batches.jsonl")
    let steps = try JSONParser.parse(path: folder + "/reference.json", limit: 1 << 20).array ?? []
    try #require(batches.count == steps.count && batches.count > 1)
    var settings = FineTuningSettings()
    settings.length = .steps(batches.count)
    settings.schedule = .constant
    settings.warmupRatio = 0
    settings.dropout = 0
    settings.maxLength = 64
    let model = repositoryPath("weights/all-MiniLM-L6-v2")
    let loss = BatchHardTripletLoss(margin: 0.3)
    let trainer = try Trainer(model: model, data: .labeled(batches[0]), loss: loss, settings: settings)
    let state = trainer.state.withLock { $0 }
    let parameters = state.weights.layout.list.parameters
    let before = parameters.map(state.weights.numbers)
    var errors: [Double] = []
    for (batch, step) in zip(batches, steps) {
      // A batch takes all of these texts, in some order.
      let task = TrainingTask(.labeled(batch), loss)
      state.source = try BatchSource(task, nil, seed: settings.seed)
      let report = try state.update()
      errors.append(abs(Double(report.loss) / (step.object?["float64"]?.double ?? .nan) - 1))
      if errors.count == 1 {
        let worst = try expectGradients(
          of: state, toEqual: SafetensorsFile(path: folder + "/gradients-float64.safetensors"))
        print("gradients: worst error \(worst)")
      }
    }
    print("loss: relative error \(errors[0]) at the first step, \(errors[errors.count - 1]) at the last")
    #expect(errors[0] <= 1e-5)
    #expect(errors[errors.count - 1] <= 1e-3)

    let single = try SafetensorsFile(path: folder + "/weights-float32.safetensors")
    let double = try SafetensorsFile(path: folder + "/weights-float64.safetensors")
    var worst = 0.0, worstOfPyTorch = 0.0
    for (parameter, before) in zip(parameters, before) where !Self.hasNoGradient(parameter.name) {
      let expected = try double.numbers(parameter.name), change = distance(expected, before)
      let error = distance(state.weights.numbers(of: parameter), expected) / change
      let pyTorchs = distance(try single.numbers(parameter.name), expected) / change
      worst = max(worst, error)
      worstOfPyTorch = max(worstOfPyTorch, pyTorchs)
      #expect(error <= max(0.02, 4 * pyTorchs), "\(parameter.name)")
    }
    print("changes of the weights: worst error \(worst), of PyTorch in float32 \(worstOfPyTorch)")
  }

  /// Expects each tensor within 1e-4 of its norm, and tensors whose true gradient is 0 within 1e-6 of the norm of all.
  ///
  /// - Returns: the largest relative error of the tensors that are not 0.
  private func expectGradients(of state: TrainingState, toEqual reference: SafetensorsFile) throws -> Double {
    let parameters = state.weights.layout.list.parameters
    let expected = try parameters.map { try reference.numbers($0.name) }
    let total = norm(expected.map(norm))
    var worst = (name: "", error: 0.0), worstZero = 0.0
    for (parameter, expected) in zip(parameters, expected) {
      let values = state.gradients.values(of: parameter).map(Double.init)
      if Self.hasNoGradient(parameter.name) {
        worstZero = max(worstZero, norm(values) / total)
      } else {
        let error = distance(values, expected) / norm(expected)
        if error >= worst.error { worst = (parameter.name, error) }
      }
    }
    #expect(worst.error <= 1e-4, "\(worst.name)")
    #expect(worstZero <= 1e-6)
    return worst.error
  }

  /// Softmax cancels a key's bias, so its gradient is only rounding.
  private static func hasNoGradient(_ name: String) -> Bool { name.hasSuffix("attention.self.key.bias") }

  private static var referenceFolder: String? { ProcessInfo.processInfo.environment["SWIFTLET_TRAINING_REFERENCE"] }

  private static func batches(_ path: String) throws -> [LabeledTexts] {
    var lines = try LineReader(path: path), batches: [LabeledTexts] = []
    while let line = try lines.next() {
      let batch = try JSONParser.parse(Array(line.utf8)).object
      let texts = batch?["texts"]?.array ?? [], labels = batch?["labels"]?.array ?? []
      batches.append(LabeledTexts(texts: texts.compactMap(\.string), labels: labels.compactMap(\.int).map(String.init)))
    }
    return batches
  }
}
