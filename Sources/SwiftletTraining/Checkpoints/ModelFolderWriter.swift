// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

/// Writes a tuned model as a model folder. sentence-transformers can load it, too, if it knows the architecture.
///
/// Configuration and tokenizer are those of the original model. Pooling and normalisation are those used in training.
/// The weights are F32. Each file appears only when it is complete, the weights last. Unused tensors of the reference
/// model, for example a pooler, are copied.
struct ModelFolderWriter {
  let encoder: EncoderPipeline
  let weights: TrainableWeights

  /// Writes all files but the weights.
  ///
  /// - Throws: `FileError`.
  func writeConfiguration(to folder: String) throws { try encoder.folder.write(to: folder) }

  /// Writes the weights atomically.
  func writeWeights(to path: String) throws {
    let parameters = encoder.parameters
    let byName = Dictionary(uniqueKeysWithValues: parameters.map { (UTF8Key($0.name), $0) })
    let (checkpoint, companions) = try companionTensors()
    let tensors =
      parameters.map { SafetensorsWriter.Tensor(name: $0.name, dtype: .f32, shape: $0.shape) }
      + companions.map { SafetensorsWriter.Tensor(name: $0.key, dtype: $0.value.dtype, shape: $0.value.shape) }
    try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: path) { tensor, append in
      if let parameter = byName[UTF8Key(tensor.name)] {
        try weights.forEachPart(of: parameter) { numbers in
          try numbers.withBytes(append)
        }
      } else if let checkpoint, let source = companions[tensor.name] {
        var bytes = ContiguousArray<UInt8>(repeating: 0, count: source.byteRange.count)
        try bytes.withMutableRawSpan { bytes in try checkpoint.read(source, into: &bytes) }
        try bytes.withRawSpan { bytes in try append(bytes) }
      }
    }
  }

  /// The tensors to copy, by the names to write, and the weights files that contain them; nil if the architecture has
  /// no such tensors.
  private func companionTensors() throws -> (checkpoint: Checkpoint?, tensors: [String: TensorInfo]) {
    let names = encoder.folder.transformer.companionTensors
    guard !names.isEmpty else { return (nil, [:]) }
    let checkpoint = try Checkpoint(folder: encoder.folder.transformerPath)
    let found = names.compactMap { name in
      ["", "bert."].lazy.compactMap { checkpoint[$0 + name] }.first.map { (name, $0) }
    }
    return (checkpoint, Dictionary(uniqueKeysWithValues: found))
  }
}
