// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTraining
import SwiftletWeights
import TestSupport
import Testing

/// Tuned models of each architecture, and with modules after the pooling: the folder that is written gives the vectors
/// of the run.
///
/// With `SWIFTLET_SAVED_MODELS` set to a folder, the models and their vectors stay there, for
/// Scripts/check_saved_models.py.
@Suite struct SavedModelTests {
  private static let texts = ["the cat sat", "", "12 dogs ran; the [PAD] mat?", "running on and on and on"]

  private func settings(_ name: String) -> RunSettings {
    var settings = TrainerTests.settings
    settings.length = .steps(3)
    if name == "word-average" {
      settings.encoder = .wordAverage
      settings.normalize = true
    } else if !["modules", "static-embedding"].contains(name) {
      settings.pooling = [.mean]
      settings.normalize = true
    }
    return settings
  }

  @Test(arguments: [
    "distilbert", "electra", "mpnet", "xlm-roberta", "modules", "static-embedding", "word-average",
  ])
  func givesTheVectorsOfTheRun(name: String) async throws {
    let temporary = try TemporaryFolder()
    let kept = ProcessInfo.processInfo.environment["SWIFTLET_SAVED_MODELS"]
    let output = "\(kept ?? temporary.path)/\(name)"
    let model = fixture("\(name == "word-average" ? "batch-hard" : "architectures/\(name)")/model")
    let trainer = try settings(name).trainer(model: model, data: .labeledTexts(TrainerTests.texts()))
    try await trainer.run(output: output)
    let vectors = try await trainer.tunedEncoder().encode(Self.texts)
    let saved = try SentenceEncoder(folder: output)
    #expect(try await saved.encode(Self.texts).tensor.values == vectors.tensor.values)
    #expect(try await trainer.originalEncoder().encode(Self.texts).tensor.values != vectors.tensor.values)
    #expect(saved.unusedTensors.allSatisfy { $0.hasPrefix("pooler.") } && saved.normalizes)

    // A saved model can be tuned on, and each of its tensors moves.
    let again = try settings(name).trainer(model: output, data: .labeledTexts(TrainerTests.texts()))
    let second = temporary.path("second")
    try await again.run(output: second)
    let files = try FileManager.default.subpathsOfDirectory(atPath: output).filter { $0.hasSuffix("model.safetensors") }
    #expect(files.count == (name == "modules" ? 5 : ["static-embedding", "word-average"].contains(name) ? 2 : 1))
    for file in files {
      let before = try Data(contentsOf: URL(fileURLWithPath: "\(output)/\(file)"))
      let after = try Data(contentsOf: URL(fileURLWithPath: "\(second)/\(file)"))
      #expect(before.count == after.count && before != after, "\(file)")
    }
    guard kept != nil else { return }
    try SafetensorsWriter.write(
      [SafetensorsWriter.Tensor(name: "vectors", dtype: .f32, shape: vectors.tensor.shape)],
      to: "\(output)/vectors.safetensors"
    ) { _, append in try vectors.tensor.vector.withBytes { bytes throws in try append(bytes) } }
    let json = JSONValue.array(Self.texts.map { .string($0) })
    var bytes: [UInt8] = []
    JSONWriter.append(json, to: &bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: "\(output)/texts.json"))
  }

  /// A word average replaces a transformer and the modules that were trained for its vectors.
  @Test func aWordAverageKeepsNoModule() throws {
    var settings = settings("modules")
    settings.encoder = .wordAverage
    let trainer = try settings.trainer(
      model: fixture("architectures/modules/model"), data: .labeledTexts(TrainerTests.texts()))
    #expect(trainer.tunedEncoder().dimension == 32)
  }
}
