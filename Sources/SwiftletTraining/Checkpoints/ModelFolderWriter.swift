// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

/// Writes a tuned model as a model folder. sentence-transformers can load it, too, if it knows the architecture.
///
/// Configuration and tokenizer are those of the original model. Pooling and normalization are those used in training.
/// The weights are F32. Each file appears only when it is complete, the transformer's weights last. Unused tensors of the
/// reference model, for example a pooler, are copied.
struct ModelFolderWriter {
  let encoder: EncoderPipeline
  let weights: TrainableWeights

  /// Writes all files but the weights.
  ///
  /// - Throws: `FileError`.
  func writeConfiguration(to folder: String) throws { try encoder.folder.write(to: folder) }

  /// Writes all weights files, each atomically.
  func writeWeights(to folder: RunFolder) throws {
    for file in encoder.folder.writtenWeightFiles {
      try write(file.tensors, companions: [:], to: joinPath(folder.path, file.path))
    }
    try write(encoder.folder.writtenTensors, companions: companionTensors(), to: folder.weights)
  }

  /// Writes a weights file.
  ///
  /// - Parameter companions: tensors to copy, by the names to write.
  private func write(_ tensors: [NamedParameter], companions: [String: TensorInfo], to path: String) throws {
    let parameters = Dictionary(uniqueKeysWithValues: tensors.map { (UTF8Key($0.name), $0.parameter) })
    let all =
      tensors.map { SafetensorsWriter.Tensor(name: $0.name, dtype: .f32, shape: $0.parameter.shape) }
      + companions.map { SafetensorsWriter.Tensor(name: $0.key, dtype: $0.value.dtype, shape: $0.value.shape) }
    try SafetensorsWriter.write(all, metadata: ["format": "pt"], to: path) { tensor, append in
      if let parameter = parameters[UTF8Key(tensor.name)] {
        try weights.forEachPart(of: parameter) { numbers in
          try numbers.withBytes(append)
        }
      } else if let source = companions[tensor.name] {
        var bytes = ContiguousArray<UInt8>(repeating: 0, count: source.byteRange.count)
        try bytes.withMutableRawSpan { bytes in try source.read(into: &bytes) }
        try bytes.withRawSpan { bytes in try append(bytes) }
      }
    }
  }

  /// The tensors to copy, by the names to write.
  private func companionTensors() throws -> [String: TensorInfo] {
    // A cross-encoder uses them itself.
    let names = encoder.folder.kind == .crossEncoder ? [] : encoder.folder.transformer.companionTensors
    guard !names.isEmpty else { return [:] }
    let tensors = try ModelTensors(folder: encoder.folder.transformerPath)
    let found = names.compactMap { name in
      // Models with a task's head put a prefix before all names.
      tensors.tensors.first { $0.name == name || $0.name.hasSuffix("." + name) }.map { (name, $0) }
    }
    return Dictionary(uniqueKeysWithValues: found)
  }
}
