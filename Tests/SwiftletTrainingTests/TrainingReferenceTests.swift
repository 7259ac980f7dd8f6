// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

@testable import SwiftletTraining

/// Compares 20 steps of training with PyTorch's: of a small model in every run of the tests, by files that
/// Scripts/make_training_goldens.py made, and of the bundled model by those that Scripts/train_reference.py has written to
/// the folder in `SWIFTLET_TRAINING_REFERENCE`.
struct TrainingReferenceTests {
  /// How far Swiftlet is from PyTorch in float64, relatively.
  private struct Errors {
    /// Of each step.
    var losses: [Double] = []
    /// The worst of all tensors.
    var gradients = 0.0, weights = 0.0, weightsOfPyTorch = 0.0
  }

  @Test func stepsOfASmallModelFollowPyTorchs() throws {
    let errors = try errors(training: fixture("batch-hard/model"), after: fixture("steps"), learningRate: 5e-4)
    #expect(errors.losses.count == 20 && errors.losses.allSatisfy { $0 <= 1e-5 }, "\(errors)")
  }

  @Test(.enabled(if: referenceFolder != nil))
  func stepsFollowPyTorchs() throws {
    let model = repositoryPath("weights/all-MiniLM-L6-v2")
    let errors = try errors(training: model, after: Self.referenceFolder ?? "", learningRate: 2e-5)
    print(errors)
    #expect(errors.losses[0] <= 1e-5)
    #expect(errors.losses[errors.losses.count - 1] <= 1e-3)
  }

  /// Trains the model on the batches of `folder`. Expects the gradients of the first step and the weights after the last
  /// to be those there.
  private func errors(training model: String, after folder: String, learningRate: Double) throws -> Errors {
    let batches = try Self.batches(folder + "/batches.jsonl")
    let steps = try JSONParser.parse(path: folder + "/reference.json", limit: 1 << 20).array ?? []
    try #require(batches.count == steps.count && batches.count > 1)
    var settings = FineTuningSettings()
    settings.optimizer.learningRate = learningRate
    settings.pooling = [.mean]
    settings.normalize = true
    settings.length = .steps(batches.count)
    settings.schedule = .constant
    settings.warmupRatio = 0
    settings.dropout = 0
    settings.maxLength = 64
    let loss = BatchHardTripletLoss(margin: 0.3)
    let trainer = try Trainer(model: model, data: .labeled(batches[0]), loss: loss, settings: settings)
    let state = trainer.state.withLock { $0 }
    let parameters = state.weights.layout.list.parameters
    let before = parameters.map(state.weights.numbers)
    var errors = Errors()
    for (batch, step) in zip(batches, steps) {
      // A batch takes all of these texts, in some order.
      let task = TrainingTask(.labeled(batch), loss)
      state.source = try BatchSource(task, nil, seed: settings.seed)
      let report = try state.update()
      errors.losses.append(abs(Double(report.loss) / (step.object?["float64"]?.double ?? .nan) - 1))
      if errors.losses.count == 1 {
        errors.gradients = try expectGradients(
          of: state, toEqual: SafetensorsFile(path: folder + "/gradients-float64.safetensors"))
      }
    }

    let single = try SafetensorsFile(path: folder + "/weights-float32.safetensors")
    let double = try SafetensorsFile(path: folder + "/weights-float64.safetensors")
    for (parameter, before) in zip(parameters, before) where !Self.hasNoGradient(parameter.name) {
      let expected = try double.numbers(parameter.name), change = distance(expected, before)
      let error = distance(state.weights.numbers(of: parameter), expected) / change
      let pyTorchs = distance(try single.numbers(parameter.name), expected) / change
      errors.weights = max(errors.weights, error)
      errors.weightsOfPyTorch = max(errors.weightsOfPyTorch, pyTorchs)
      #expect(error <= max(0.02, 4 * pyTorchs), "\(parameter.name)")
    }
    return errors
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
