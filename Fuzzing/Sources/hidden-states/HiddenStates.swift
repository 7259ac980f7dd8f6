// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import SwiftletWeights

/// Writes the hidden states of texts to a safetensors file: `hidden-states MODEL OUTPUT < TEXTS`, one text a line.
///
/// Tensor "hidden.I" belongs to text I, counted from 0. Its shape is [layers + 1, tokens, hidden]: first the embeddings,
/// then each layer. Scripts/compare.py compares them with PyTorch's. All of them are held in memory.
@main struct HiddenStates {
  static func main() throws {
    guard CommandLine.arguments.count == 3 else {
      FileHandle.standardError.write(Data("usage: hidden-states MODEL OUTPUT < TEXTS\n".utf8))
      exit(64)
    }
    let encoder = try SentenceEncoder(folder: CommandLine.arguments[1])
    let input = try FileHandle.standardInput.readToEnd() ?? Data()
    var states: [String: [Tensor]] = [:]
    for (index, line) in input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      states["hidden.\(index)"] = try encoder.hiddenStates(String(decoding: line, as: UTF8.self))
    }
    let tensors = states.map { name, layers in
      SafetensorsWriter.Tensor(name: name, dtype: .f32, shape: [layers.count] + layers[0].shape)
    }
    try SafetensorsWriter.write(tensors, to: CommandLine.arguments[2]) { tensor, append in
      for layer in states[tensor.name]! { try layer.values.withUnsafeBytes { try append($0.bytes) } }
    }
  }
}
