// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

/// Vectors against sentence-transformers: every pooling of the small models, and the bundled model.
@Suite struct EmbeddingTests {
  /// Settings by a golden's name, as `mean+cls/normalize/cut-5`.
  private func settings(_ name: Substring) throws -> EncoderSettings {
    let steps = name.split(separator: "/")
    let modes = steps[0].split(separator: "+").map { word in
      PoolingMode.allCases.first { $0.rawValue == word || $0.sentenceTransformersName == word }
    }
    var settings = EncoderSettings(pooling: try modes.map { try #require($0) }, normalize: false)
    var isCut = false
    for step in steps.dropFirst() {
      if step == "normalize" {
        // Before a cut, only the folder's own normalization can apply.
        settings.normalize = isCut || !steps.contains { $0.hasPrefix("cut-") } ? true : nil
      } else {
        settings.truncateDimension = Int(step.dropFirst("cut-".count))
        isCut = true
      }
    }
    return settings
  }

  @Test(arguments: Golden.randomModels) func poolingsEqualTheReferences(name: String) throws {
    let golden = try Golden(name)
    let singles = golden.texts.filter { $0.pair == nil }
    let names = golden.names.filter { $0.hasPrefix("pooled.") }
    for name in names {
      let expected = try golden.values(name)
      var settings = try settings(name.dropFirst("pooled.".count))
      settings.maxLength = try SentenceEncoder(folder: golden.folder).configuration.maxPositions
      let encoder = try SentenceEncoder(folder: golden.folder, settings: settings)
      if try settings.normalize == nil && !ModelFolder(path: golden.folder).normalizes { continue }
      let vectors = try encoder.encode(singles.map(\.text), prompt: "")
      #expect(vectors.dimension == expected.shape[1])
      // The golden continues with the pairs.
      let error = largestError(vectors.tensor.values, expected.values.prefix(vectors.tensor.count))
      let scale = max(1, expected.values.reduce(0) { max($0, abs($1)) })
      #expect(vectors.count == singles.count && error <= 1e-5 * scale, "\(name): \(error)")
    }
  }

  @Test(arguments: Golden.randomModels) func foldersAreFollowed(name: String) throws {
    let golden = try Golden(name)
    let encoder = try SentenceEncoder(folder: golden.folder)
    let singles = golden.texts.filter { $0.pair == nil }.map(\.text)
    for name in golden.names where name == "embedding" || name.hasPrefix("embedding.") {
      let prompt = name == "embedding" ? nil : String(name.dropFirst("embedding.".count))
      let expected = try golden.values(name)
      let vectors = try encoder.encode(singles, prompt: prompt)
      let scale = max(1, expected.values.reduce(0) { max($0, abs($1)) })
      let error = largestError(vectors.tensor.values, expected.values)
      #expect(vectors.count == expected.shape[0] && error <= 1e-5 * scale, "\(name): \(error)")
    }
  }

  /// `do_lower_case` applies to everything that tokenizes, but not to special tokens in the text.
  @Test func lowercasingFolder() throws {
    let folder = try TemporaryFolder()
    let model = folder.path("model")
    try FileManager.default.copyItem(atPath: fixture("cased-gelu-new-task-heads/model"), toPath: model)
    #expect(try !SentenceEncoder(folder: model).tokenizer.normalization.lowercases)
    let modules = ["Transformer", "Pooling"].map { name in
      let path = name == "Pooling" ? "1_Pooling" : ""
      return #"{"name": "\#(name)", "path": "\#(path)", "type": "sentence_transformers.models.\#(name)"}"#
    }
    try folder.write("[\(modules.joined(separator: ","))]", to: "model/modules.json")
    try folder.write("{}", to: "model/1_Pooling/config.json")
    try folder.write(#"{"do_lower_case": true}"#, to: "model/sentence_bert_config.json")
    let encoder = try SentenceEncoder(folder: model)
    let separator = encoder.tokenizer.specialTokens.separator
    #expect(try encoder.tokenizer.encode("THE [SEP]").ids.filter { $0 == separator }.count == 2)
    let vectors = try encoder.encode(["THE Cat", "the cat"])
    #expect(vectors[0] == vectors[1])
    #expect(try encoder.hiddenStates("THE Cat")[1].values == encoder.hiddenStates("the cat")[1].values)
  }

  @Test func bundledModel() throws {
    let golden = try Golden.bundled()
    let texts = golden.texts.map(\.text)
    let encoder = try SentenceEncoder(folder: golden.folder)
    let vectors = try encoder.encode(texts)
    let cls = try SentenceEncoder(
      folder: golden.folder, settings: EncoderSettings(pooling: [.cls], normalize: false)
    ).encode(texts)
    let expected = try golden.values("embedding").values, expectedCLS = try golden.values("cls").values
    #expect(texts.count >= 40)
    for index in texts.indices {
      let row = index * 384..<(index + 1) * 384
      #expect(cosine(vectors[index], expected[row]) >= 0.99999 && largestError(vectors[index], expected[row]) <= 1e-6)
      #expect(cosine(cls[index], expectedCLS[row]) >= 0.99999 && largestError(cls[index], expectedCLS[row]) <= 2e-5)
    }
    #expect(vectors.truncated == golden.texts.indices.filter { golden.texts[$0].isTruncated })
    #expect(
      encoder.warnings.isEmpty
        && encoder.unusedTensors.allSatisfy { $0.hasPrefix("pooler.") || $0.hasSuffix("position_ids") })
  }
}
