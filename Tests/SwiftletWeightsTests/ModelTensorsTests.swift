// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletWeights
import TestSupport
import Testing

/// Weights in several files with an index: shards that are missing, disagree or lie outside the folder are errors.
struct ModelTensorsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func writeShard(_ file: String, _ names: [String]) throws {
    let tensors = names.map { SafetensorsWriter.Tensor(name: $0, dtype: .u8, shape: [1]) }
    try SafetensorsWriter.write(tensors, to: folder.path(file)) { tensor, append in
      try [tensor.name.utf8.first!].withUnsafeBytes { try append($0.bytes) }
    }
  }

  private func writeIndex(_ text: String) throws {
    try folder.write(text, to: "model.safetensors.index.json")
  }

  private func reason() throws -> ModelTensorsError.Problem {
    try #require(throws: ModelTensorsError.self) { try ModelTensors(folder: folder.path) }.problem
  }

  @Test func tensorsOfAllShards() throws {
    try writeShard("b.safetensors", ["b", "unlisted"])
    try writeShard("a.safetensors", ["a", "c"])
    try writeIndex(
      #"""
      {"metadata":{"total_size":4},
       "weight_map":{"a":"a.safetensors","b":"b.safetensors","c":"a.safetensors"}}
      """#)
    let tensors = try ModelTensors(folder: folder.path)
    #expect(tensors.tensors.map(\.name) == ["a", "c", "b", "unlisted"])
    for name in ["a", "b", "c"] {
      var byte: UInt8 = 0
      try withUnsafeMutableBytes(of: &byte) {
        var bytes = $0.mutableBytes
        try #require(tensors[name]).read(into: &bytes)
      }
      #expect(byte == name.utf8.first)
    }
    #expect(tensors["d"] == nil)
  }

  @Test func aSingleFileGoesFirst() throws {
    try writeShard("model.safetensors", ["x"])
    try writeIndex("not even JSON")
    #expect(try ModelTensors(folder: folder.path)["x"] != nil)
  }

  @Test func row30IndexWithoutAMapOfStrings() throws {
    for text in ["{}", "[]", #"{"weight_map":[]}"#, #"{"weight_map":{"a":1}}"#, #"{"weight_map":{"a":[]}}"#] {
      try writeIndex(text)
      guard case .invalidIndex = try reason() else {
        Issue.record("\(text) was not refused")
        continue
      }
    }
    try writeIndex("{")
    #expect(throws: JSONError.self) { try ModelTensors(folder: folder.path) }
  }

  @Test func row25IndexOfTooManyTensors() throws {
    let tensors = (0..<65_536).map { "\"\($0)\":\"a\"" }
    try writeIndex("{\"weight_map\":{\(tensors.joined(separator: ","))}}")
    let error = try #require(throws: JSONError.self) { try ModelTensors(folder: folder.path) }
    #expect(error.problem == .tooManyValues(limit: 65_536))
  }

  @Test func row31ShardsThatDoNotFitTheIndex() throws {
    try writeShard("1.safetensors", ["a"])
    try writeShard("2.safetensors", ["b"])
    try writeIndex(#"{"weight_map":{"a":"1.safetensors","c":"3.safetensors"}}"#)
    #expect(try reason() == .shardMissing("3.safetensors", tensor: "c"))
    try writeIndex(#"{"weight_map":{"a":"1.safetensors","b":"1.safetensors"}}"#)
    #expect(try reason() == .tensorNotInShard("b", shard: "1.safetensors"))
    try writeIndex(#"{"weight_map":{"a":"2.safetensors","b":"2.safetensors"}}"#)
    #expect(try reason() == .tensorNotInShard("a", shard: "2.safetensors"))
    try writeShard("2.safetensors", ["a", "b"])
    try writeIndex(#"{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}"#)
    #expect(try reason() == .tensorInTwoShards("a", first: "1.safetensors", second: "2.safetensors"))
    let error = try #require(throws: ModelTensorsError.self) { try ModelTensors(folder: folder.path) }
    for name in ["\"a\"", "1.safetensors", "2.safetensors"] { #expect(error.description.contains(name)) }
  }

  @Test(arguments: ["../../etc/passwd", "/etc/passwd", "a/b", "a\\b", "a\0b", "..", ".", ""])
  func row32ShardsOutsideTheFolder(_ name: String) throws {
    var text = Array(#"{"weight_map":{"a":"#.utf8)
    JSONWriter.append(name, to: &text)
    try folder.write(text + Array("}}".utf8), to: "model.safetensors.index.json")
    #expect(try reason() == .unsafeShardName(name))
  }

  @Test(.timeLimit(.minutes(1)))
  func rows33And34WeightsThatAreNoFile() throws {
    symlink("absent", folder.path("model.safetensors"))
    let error = try #require(throws: FileError.self) { try ModelTensors(folder: folder.path) }
    #expect(error.problem == .system(operation: "open", errno: ENOENT))
    unlink(folder.path("model.safetensors"))
    mkfifo(folder.path("model.safetensors"), 0o600)
    let pipe = try #require(throws: FileError.self) { try ModelTensors(folder: folder.path) }
    #expect(pipe.problem == .notRegularFile(kind: "pipe"))
  }

  @Test func row38OnlyAPickle() throws {
    #expect(try reason() == .noWeights(found: nil))
    try folder.write("", to: "pytorch_model.bin")
    let error = try #require(throws: ModelTensorsError.self) { try ModelTensors(folder: folder.path) }
    #expect(error.description.contains("\"pytorch_model.bin\" (PyTorch)"))
    #expect(error.description.contains("save_pretrained") && !error.description.contains("\n"))
  }

  @Test(arguments: [
    ("onnx/model.onnx", "ONNX", "original model"), ("model.onnx", "ONNX", "original model"),
    ("tf_model.h5", "TensorFlow", "from_tf"), ("flax_model.msgpack", "Flax", "from_flax"),
    ("openvino/openvino_model.xml", "OpenVINO", "original model"), ("model-q4.gguf", "GGUF", "original model"),
    ("weights.safetensors", "safetensors under another name", "rename"),
    ("adapter_model.safetensors", "adapter (LoRA)", "merge_and_unload"),
    ("adapter_config.json", "adapter (LoRA)", "merge_and_unload"), ("model.pt", "PyTorch", "save_pretrained"),
  ])
  func weightsInOtherFormats(_ file: String, format: String, remedy: String) throws {
    try folder.write("x", to: file)
    let error = try #require(throws: ModelTensorsError.self) { try ModelTensors(folder: folder.path) }
    let name = file.split(separator: "/")[0]
    #expect(error.description.contains("only \"\(name)\" (") && error.description.contains(format))
    #expect(error.remedy.contains(remedy) && !error.description.contains("\n"))
  }

  @Test func anAbsentFolderIsNamed() throws {
    #expect(throws: FileError.self) { try ModelTensors(folder: folder.path("absent")) }
  }

  @Test func theBundledModel() throws {
    let tensors = try ModelTensors(folder: repositoryPath("weights/all-MiniLM-L6-v2"))
    let words = try #require(tensors["embeddings.word_embeddings.weight"])
    #expect(words.dtype == .f16 && words.shape == [30522, 384])
  }
}
