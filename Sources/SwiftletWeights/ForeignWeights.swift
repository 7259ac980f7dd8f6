// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Weights in a folder that are in another format than model.safetensors, or under another name.
package struct ForeignWeights: Equatable, Sendable {
  /// The format of weights.
  package enum Format: Equatable, Sendable {
    case pyTorch, otherSafetensors, adapter, onnx, tensorFlow, flax, openVINO, gguf
  }

  package let format: Format
  /// The file or the folder.
  package let name: String

  /// The weights in a folder; nil if there are none of a known format. PyTorch's and safetensors files come first: they
  /// are easily converted.
  init?(folder: String) {
    let names = ((try? Folder(folder).names()) ?? []).filter { !$0.hasPrefix(".") }
    func first(_ format: Format, _ isWanted: (String) -> Bool) -> ForeignWeights? {
      names.first(where: isWanted).map { ForeignWeights(format: format, name: $0) }
    }
    func suffix(_ suffixes: String...) -> (String) -> Bool {
      { name in suffixes.contains { name.hasSuffix($0) } }
    }
    let found =
      first(.adapter) { $0.hasPrefix("adapter_model.") || $0 == "adapter_config.json" }
      ?? first(.pyTorch) { $0.hasPrefix("pytorch_model") }
      ?? first(.otherSafetensors, suffix(".safetensors"))
      ?? first(.openVINO) { $0.hasPrefix("openvino") }
      ?? first(.onnx) { $0.hasSuffix(".onnx") || $0 == "onnx" }
      ?? first(.tensorFlow) { $0.hasSuffix(".h5") || $0.contains(".ckpt") || $0 == "saved_model.pb" }
      ?? first(.flax, suffix(".msgpack"))
      ?? first(.gguf, suffix(".gguf"))
      ?? first(.pyTorch, suffix(".bin", ".pt", ".pth"))
    guard let found else { return nil }
    self = found
  }

  private init(format: Format, name: String) {
    self.format = format
    self.name = name
  }
}

extension ForeignWeights.Format {
  /// The format, in words for a message.
  fileprivate var words: String {
    switch self {
    case .pyTorch: "PyTorch"
    case .otherSafetensors: "safetensors under another name"
    case .adapter: "an adapter (LoRA) for another model"
    case .onnx: "ONNX"
    case .tensorFlow: "TensorFlow"
    case .flax: "Flax"
    case .openVINO: "OpenVINO"
    case .gguf: "GGUF"
    }
  }

  /// What to do in Python, once.
  fileprivate var conversion: String {
    switch self {
    case .pyTorch: "convert it once in Python: AutoModel.from_pretrained(folder).save_pretrained(folder)"
    case .otherSafetensors: "rename it to model.safetensors if it is the model"
    case .adapter:
      "merge it once in Python: AutoPeftModel.from_pretrained(folder).merge_and_unload().save_pretrained(folder)"
    case .tensorFlow:
      "convert it once with transformers 4 in Python: AutoModel.from_pretrained(folder, from_tf=True).save_pretrained(folder)"
    case .flax:
      "convert it once with transformers 4 in Python: AutoModel.from_pretrained(folder, from_flax=True).save_pretrained(folder)"
    case .onnx, .openVINO, .gguf: "download the original model, which has model.safetensors or pytorch_model.bin"
    }
  }
}

extension ForeignWeights {
  /// What is there, for a message.
  var description: String { "\(quoted(name)) (\(format.words))" }

  /// What to do about it.
  var remedy: String { format.conversion }
}
