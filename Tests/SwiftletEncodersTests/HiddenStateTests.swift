// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

/// Hidden states of small random models against transformers in float64.
@Suite struct HiddenStateTests {
  /// The error may be four times that of PyTorch in float32, a little more if that happens to be tiny.
  @Test(arguments: Golden.randomModels) func equalThoseOfTheReference(name: String) throws {
    let golden = try Golden(name)
    let encoder = try SentenceEncoder(folder: golden.folder)
    let float32Errors = try golden.values("float32_errors")
    let configuration = encoder.configuration, layers = configuration.layerCount + 1
    #expect(!golden.texts.isEmpty && float32Errors.shape == [golden.texts.count, layers])
    for (index, text) in golden.texts.enumerated() {
      let expected = try golden.values("hidden.\(index)")
      let states = try encoder.hiddenStates(of: text.batch)
      let size = text.ids.count * configuration.hiddenSize
      #expect(states.count == layers && expected.shape == [layers, text.ids.count, configuration.hiddenSize])
      for (layer, state) in states.enumerated() {
        let truth = expected.values[layer * size..<(layer + 1) * size]
        let error = largestError(state.values, truth)
        let scale = max(1, truth.reduce(0) { max($0, abs($1)) })
        let reference = max(float32Errors.values[index * layers + layer], Double(Float.ulpOfOne) * scale)
        #expect(
          error <= 4 * reference && error <= 1e-5 * scale, "text \(index), layer \(layer): \(error), \(reference)")
      }
    }
  }

  @Test(arguments: Golden.randomModels) func tokenizerGivesTheReferencesIDs(name: String) throws {
    let golden = try Golden(name)
    let encoder = try SentenceEncoder(folder: golden.folder)
    for text in golden.texts {
      let options = EncodingOptions(maxLength: encoder.configuration.maxPositions)
      let encoding = try encoder.tokenizer.encode(text.text, pair: text.pair, options: options)
      #expect(encoding.ids == text.ids && encoding.typeIDs == text.typeIDs, "\(text.text)")
    }
  }

  /// A tape changes no bit, and holds one operation an op.
  @Test func recordingGivesTheSameBits() throws {
    let golden = try Golden("gelu-mean-normalized")
    let encoder = try SentenceEncoder(folder: golden.folder)
    let batch = golden.texts[0].batch
    let tape = Tape()
    let recorded = try encoder.hiddenStates(of: batch, tape: tape), inferred = try encoder.hiddenStates(of: batch)
    for (a, b) in zip(recorded, inferred) { #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern)) }
    #expect(tape.count == 2 + 7 * encoder.configuration.layerCount)
  }
}
