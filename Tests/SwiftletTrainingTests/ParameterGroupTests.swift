// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import TestSupport
import Testing

@testable import SwiftletTraining

struct ParameterGroupTests {
  let parameters: [Parameter] = {
    let scope = ParameterScope()
    _ = scope["embeddings"].table("word_embeddings", rows: 7, columns: 4)
    _ = scope["embeddings"].layerNorm("LayerNorm", features: 4, epsilon: 1e-12)
    for layer in 0..<3 { _ = scope["encoder"]["layer"]["\(layer)"].linear("dense", inputs: 4, outputs: 4) }
    return scope.list.parameters
  }()

  private func rates(_ change: (inout AdamWSettings) -> Void) throws -> [String: ParameterRates?] {
    var settings = AdamWSettings()
    settings.learningRate = 1
    settings.weightDecay = 0.5
    change(&settings)
    return Dictionary(uniqueKeysWithValues: zip(parameters.map(\.name), try settings.rates(of: parameters)))
  }

  @Test func patternsMatchAsPythonsDo() throws {
    let golden = try JSONParser.parse(path: fixture("optimizer/patterns.json"), limit: 1 << 20).object
    let names = golden?["names"]?.array?.compactMap(\.string) ?? []
    let matches = try #require(golden?["matches"]?.object)
    #expect(matches.members.count == 188)
    for member in matches.members {
      let pattern = NamePattern(member.key)
      let matched = names.indices.filter { pattern.matches(names[$0]) }
      #expect(matched == member.value.array?.compactMap(\.int), "\(member.key)")
    }
  }

  @Test func aHostilePatternTakesNoLongerThanItsLength() {
    let pattern = NamePattern(String(repeating: "a*", count: 500) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 2000)))
  }

  @Test func biasesAndLayerNormsDoNotDecay() throws {
    let rates = try rates { _ in }
    #expect(rates["embeddings.word_embeddings.weight"] == ParameterRates(learningRate: 1, weightDecay: 0.5))
    #expect(rates["encoder.layer.0.dense.weight"] == ParameterRates(learningRate: 1, weightDecay: 0.5))
    #expect(rates["encoder.layer.0.dense.bias"] == ParameterRates(learningRate: 1, weightDecay: 0))
    #expect(rates["embeddings.LayerNorm.weight"] == ParameterRates(learningRate: 1, weightDecay: 0))
    #expect(rates["embeddings.LayerNorm.bias"] == ParameterRates(learningRate: 1, weightDecay: 0))
  }

  @Test func theLastGroupThatGivesAValueWins() throws {
    let rates = try rates {
      $0.groups = [
        AdamWSettings.ParameterGroup("encoder.layer.[01].*", learningRate: 2),
        AdamWSettings.ParameterGroup("*.0.dense.*", weightDecay: 0.25),
        AdamWSettings.ParameterGroup("encoder.layer.1.*.bias", learningRate: 3),
      ]
      $0.frozen = ["embeddings.*", "*.2.dense.bias"]
    }
    #expect(rates["embeddings.word_embeddings.weight"] == .some(nil))
    #expect(rates["embeddings.LayerNorm.bias"] == .some(nil))
    #expect(rates["encoder.layer.0.dense.weight"] == ParameterRates(learningRate: 2, weightDecay: 0.25))
    #expect(rates["encoder.layer.0.dense.bias"] == ParameterRates(learningRate: 2, weightDecay: 0.25))
    #expect(rates["encoder.layer.1.dense.weight"] == ParameterRates(learningRate: 2, weightDecay: 0.5))
    #expect(rates["encoder.layer.1.dense.bias"] == ParameterRates(learningRate: 3, weightDecay: 0))
    #expect(rates["encoder.layer.2.dense.weight"] == ParameterRates(learningRate: 1, weightDecay: 0.5))
    #expect(rates["encoder.layer.2.dense.bias"] == .some(nil))
  }

  @Test func patternsThatDoNothingAreErrors() {
    let error = #expect(throws: ParameterPatternError.self) { try rates { $0.frozen = ["encoder.layer.7.*\n"] } }
    #expect(
      error?.description
        == #"no parameter's name matches "encoder.layer.7.*\u{A}"; the 9 names look like "embeddings.word_embeddings.weight" or "#
        + #""encoder.layer.2.dense.bias""#)
    #expect(throws: ParameterPatternError.self) { try rates { $0.groups = [AdamWSettings.ParameterGroup("layer")] } }
    #expect(throws: ParameterPatternError.allFrozen) { try rates { $0.frozen = ["*"] } }
  }
}
