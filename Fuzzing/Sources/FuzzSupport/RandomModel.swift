// SPDX-License-Identifier: Apache-2.0

internal import Swiftlet
internal import SwiftletFiles
internal import SwiftletWeights

/// Makes choices by the bytes of an input, one after the other; after the last byte, the first option each time.
package struct Choices {
  private var bytes: ArraySlice<UInt8>

  package init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  /// One of some values.
  package mutating func pick<Value>(_ values: [Value]) -> Value { values[number(below: values.count)] }

  /// A number below a bound of at most 65,536.
  package mutating func number(below bound: Int) -> Int {
    let high = bound > 256 ? Int(bytes.popFirst() ?? 0) : 0
    return (high << 8 | Int(bytes.popFirst() ?? 0)) % bound
  }
}

/// A model folder with a small BERT of any sizes and random weights.
package struct RandomModel {
  private let configuration: [String: JSONValue]
  private let pooling: [String]
  private let normalizes: Bool
  private let dtype: DType
  private let seed: UInt64
  private let shapes: [(name: String, shape: [Int])]

  /// The tokens of the vocabulary that are words.
  package static let words = (0..<24).map { "w\($0)" }
  private static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
  package static let maximumLength = 400

  package init(_ choices: inout Choices) {
    let heads = choices.pick([1, 2, 3, 4]), headSize = choices.pick([32, 16, 24, 40, 48, 8, 12, 64, 5, 1])
    let layers = choices.pick([1, 2]), hidden = heads * headSize, inner = 1 + choices.number(below: 100)
    let activation = choices.pick(["gelu", "relu", "gelu_new", "silu", "tanh"])
    let modes = ["cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
    pooling = (0..<choices.pick([1, 2])).map { _ in choices.pick(modes) }
    normalizes = choices.pick([false, true])
    dtype = choices.pick([.f32, .f16, .bf16])
    seed = UInt64(choices.number(below: 256))
    let vocabulary = RandomModel.special.count + RandomModel.words.count
    func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
    configuration = [
      "model_type": .string("bert"), "vocab_size": number(vocabulary), "hidden_size": number(hidden),
      "num_hidden_layers": number(layers), "num_attention_heads": number(heads), "intermediate_size": number(inner),
      "hidden_act": .string(activation), "max_position_embeddings": number(RandomModel.maximumLength),
      "type_vocab_size": number(2),
    ]
    var shapes: [(name: String, shape: [Int])] = [
      ("embeddings.word_embeddings.weight", [vocabulary, hidden]),
      ("embeddings.position_embeddings.weight", [RandomModel.maximumLength, hidden]),
      ("embeddings.token_type_embeddings.weight", [2, hidden]),
    ]
    func norm(_ name: String) { shapes += [("\(name).weight", [hidden]), ("\(name).bias", [hidden])] }
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) {
      shapes += [("\(name).weight", [outputs, inputs]), ("\(name).bias", [outputs])]
    }
    norm("embeddings.LayerNorm")
    for layer in 0..<layers {
      let name = "encoder.layer.\(layer)"
      for part in ["query", "key", "value"] { linear("\(name).attention.self.\(part)", hidden, hidden) }
      linear("\(name).attention.output.dense", hidden, hidden)
      norm("\(name).attention.output.LayerNorm")
      linear("\(name).intermediate.dense", hidden, inner)
      linear("\(name).output.dense", inner, hidden)
      norm("\(name).output.LayerNorm")
    }
    self.shapes = shapes
  }

  /// Writes the model's files.
  package func write(to folder: ScratchFolder) throws {
    var config = JSONObject()
    for (key, value) in configuration.sorted(by: { $0.key < $1.key }) { config[key] = value }
    write(.object(config), to: "config.json", in: folder)
    write(.object(["pooling_mode": .array(pooling.map(JSONValue.string))]), to: "1_Pooling/config.json", in: folder)
    let modules = [("", "Transformer"), ("1_Pooling", "Pooling")] + (normalizes ? [("2_Normalize", "Normalize")] : [])
    write(
      .array(
        modules.enumerated().map { index, module in
          .object([
            "idx": .number(JSONNumber(index)), "name": .string("\(index)"), "path": .string(module.0),
            "type": .string("sentence_transformers.models.\(module.1)"),
          ])
        }), to: "modules.json", in: folder)
    folder.write(
      Array((RandomModel.special + RandomModel.words).joined(separator: "\n").utf8), to: "vocab.txt")
    let tensors = shapes.map { SafetensorsWriter.Tensor(name: $0.name, dtype: dtype, shape: $0.shape) }
    try SafetensorsWriter.write(tensors, to: folder.path("model.safetensors")) { tensor, append in
      var generator = SplitMix64(seed: seed &+ tensor.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
      let isScale = tensor.name.hasSuffix("LayerNorm.weight"), count = tensor.shape.reduce(1, *)
      var bytes = ContiguousArray<UInt8>()
      for _ in 0..<count {
        let value = Float.random(in: -0.5...0.5, using: &generator) + (isScale ? 1 : 0)
        switch dtype {
        case .f16: append16(Float16(value).bitPattern, to: &bytes)
        case .bf16: append16(UInt16(truncatingIfNeeded: value.bitPattern >> 16), to: &bytes)
        default: for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift)) }
        }
      }
      try append(bytes.span.bytes)
    }
  }

  private func append16(_ word: UInt16, to bytes: inout ContiguousArray<UInt8>) {
    bytes += [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)]
  }

  private func write(_ value: JSONValue, to name: String, in folder: ScratchFolder) {
    var text: [UInt8] = []
    JSONWriter.append(value, to: &text)
    folder.write(text, to: name)
  }
}

/// A text of `count` words.
package func text(ofWords count: Int, _ choices: inout Choices) -> String {
  (0..<count).map { _ in choices.pick(RandomModel.words) }.joined(separator: " ")
}

/// SplitMix64: the same numbers from the same seed.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
