// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletWeights

/// Writes what each layer of an encoder computes; Scripts/compare.py holds it to PyTorch.
@main
struct HiddenStatesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hidden-states",
    abstract: "Writes the hidden states of texts to a safetensors file.",
    discussion: """
      Tensor "hidden.I" is of text I, counted from 0: [layers + 1, tokens, hidden], first what the embeddings give,
      then each layer. All texts are held in memory: this is for a page of them.
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: InputOptions

  @Option(help: ArgumentHelp("The safetensors file to write.", valueName: "file"))
  var output: String

  func run() throws {
    Interruption.handleSignals()
    let encoder = try common.encoder()
    var states: [String: [Tensor]] = [:]
    try input.forEachBatch(warn: common.warn) { texts, _ in
      for text in texts { states["hidden.\(states.count)"] = try encoder.hiddenStates(text) }
    }
    let tensors = states.map { name, layers in
      SafetensorsWriter.Tensor(name: name, dtype: .f32, shape: [layers.count] + layers[0].shape)
    }
    try SafetensorsWriter.write(tensors, to: output) { tensor, append in
      for layer in states[tensor.name]! { try layer.values.withUnsafeBytes { try append($0.bytes) } }
    }
  }
}
