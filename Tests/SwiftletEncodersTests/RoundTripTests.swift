// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import TestSupport
import Testing

/// A written model folder, with every setting that it can have, reads back equal, and its encoder gives the same bits.
@Suite struct RoundTripTests {
  private static let texts = ["the cat sat", "The Dog, and 12 cats.", "", "a mat a mat a mat a mat a mat a mat"]

  private let folder: TemporaryFolder
  private var original: String { folder.path("original") }
  private var copy: String { folder.path("copy") }

  init() throws {
    folder = try TemporaryFolder()
    try use(fixture("gelu-mean-normalized/model"))
  }

  private func use(_ model: String) throws {
    try? FileManager.default.removeItem(atPath: original)
    try FileManager.default.copyItem(atPath: model, toPath: original)
  }

  /// The settings of a folder; modules by their kinds and settings.
  private func said(_ folder: ModelFolder) -> [String] {
    let modules = folder.modules.map { module in
      "\(module.summary) \((module as? PoolingModule).map { "\($0.modes) \($0.includesPrompt)" } ?? "")"
    }
    return modules + [
      "\(folder.transformer.configuration)", "\(folder.maxSequenceLength ?? -1)", "\(folder.lowercasesText)",
      "\(folder.prompts.sorted { $0.key < $1.key })", folder.defaultPromptName ?? "no default", "\(folder.normalizes)",
      "\(folder.dimension)",
    ]
  }

  private func bits(_ folder: String) throws -> [[UInt32]] {
    let encoder = try SentenceEncoder(folder: folder)
    let prompts: [String?] = [nil, ""] + encoder.prompts.keys.sorted()
    return try prompts.map { try encoder.encode(Self.texts, prompt: $0).tensor.values.map(\.bitPattern) }
  }

  /// - Returns: the folder that was written.
  @discardableResult
  private func check(_ name: String = "") throws -> ModelFolder {
    try? FileManager.default.removeItem(atPath: copy)
    try Folder(copy).create()
    let read = try ModelFolder(path: original)
    try read.write(to: copy)
    for name in try FileManager.default.subpathsOfDirectory(atPath: original) where name.contains("model") {
      guard name.contains(".safetensors") else { continue }
      try FileManager.default.copyItem(atPath: "\(original)/\(name)", toPath: "\(copy)/\(name)")
    }
    let again = try ModelFolder(path: copy)
    #expect(said(again) == said(read), "\(name)")
    let same = try bits(copy) == bits(original)
    #expect(same, "other vectors: \(name)")
    return again
  }

  @Test func everyListOfModes() throws {
    let all = PoolingMode.allCases
    var lists = all.map { [$0] }
    for first in all { lists += all.map { [first, $0] } }
    lists += [all, all.reversed(), [.mean, .cls, .mean], [.cls, .max, .mean]]
    for modes in lists {
      for includesPrompt in [true, false] {
        let names = modes.map { #""\#($0.sentenceTransformersName)""# }.joined(separator: ",")
        let config = #"{"pooling_mode":[\#(names)],"embedding_dimension":24,"include_prompt":\#(includesPrompt)}"#
        try folder.write(config, to: "original/1_Pooling/config.json")
        try folder.write(#"{"prompts":{"query":"the cat: "}}"#, to: "original/config_sentence_transformers.json")
        let again = try check(config)
        #expect(again.poolingModes == modes && again.poolingIncludesPrompt == includesPrompt)
      }
    }
  }

  /// The spelling of older versions, one key for each mode, is written whenever it can express the modes.
  @Test func theOlderSpellingWhereItCanSayTheModes() throws {
    for (modes, isOlder) in [
      (#"["mean"]"#, true), (#"["cls","max","mean"]"#, true), (#"["mean","cls"]"#, false), (#"["mean","mean"]"#, false),
    ] {
      try folder.write("{\"pooling_mode\":\(modes)}", to: "original/1_Pooling/config.json")
      try check(modes)
      let config = try JSONParser.parse(path: "\(copy)/1_Pooling/config.json", limit: 1 << 20).object
      #expect((config?["pooling_mode_mean_tokens"] == .bool(true)) == isOlder)
      #expect((config?["pooling_mode"] == nil) == isOlder)
    }
  }

  @Test func normalization() throws {
    #expect(try check().normalizes)
    try folder.write(
      #"""
      [{"type":"sentence_transformers.models.Transformer","path":""},
      {"type":"sentence_transformers.models.Pooling","path":"1_Pooling"}]
      """#, to: "original/modules.json")
    #expect(try !check().normalizes)
    try FileManager.default.removeItem(atPath: "\(original)/modules.json")
    let bare = try check()
    #expect(!bare.normalizes && bare.poolingModes == [.cls])
  }

  @Test func prompts() throws {
    for config in [
      #"{"prompts":{"query":"the cat: ","document":null},"default_prompt_name":"query"}"#,
      #"{"prompts":{"query":"","é":"\u0001\"\\ "},"default_prompt_name":null}"#, #"{"prompts":null}"#, "{}",
      #"{"model_type":"SentenceTransformer","similarity_fn_name":"dot","__version__":{"pytorch":"2"}}"#,
    ] {
      try folder.write(config, to: "original/config_sentence_transformers.json")
      try check(config)
      // Keys that are not read are kept, too.
      let file = "config_sentence_transformers.json"
      let files = try [original, copy].map { try JSONParser.parse(path: "\($0)/\(file)", limit: 1 << 20) }
      #expect(files[0] == files[1])
    }
  }

  @Test func lengthAndLowercasing() throws {
    try use(fixture("cased-gelu-new-task-heads/model"))
    // Without modules.json the settings do not count.
    try folder.write(
      #"""
      [{"type":"sentence_transformers.models.Transformer","path":""},
      {"type":"sentence_transformers.models.Pooling","path":"1_Pooling"}]
      """#, to: "original/modules.json")
    try folder.write("{}", to: "original/1_Pooling/config.json")
    for config in [
      #"{"max_seq_length":5,"do_lower_case":true}"#, #"{"max_seq_length":null,"do_lower_case":false}"#, "{}",
      #"{"max_seq_length":7,"transformer_task":"feature-extraction","method":1.50}"#,
    ] {
      try folder.write(config, to: "original/sentence_bert_config.json")
      try check(config)
      let file = "sentence_bert_config.json"
      let files = try [original, copy].map { try JSONParser.parse(path: "\($0)/\(file)", limit: 1 << 20) }
      #expect(files[0] == files[1])
    }
    try FileManager.default.removeItem(atPath: "\(original)/sentence_bert_config.json")
    try folder.write(#"{"model_max_length":6}"#, to: "original/tokenizer_config.json")
    #expect(try check().maxSequenceLength == 6)
  }

  @Test(arguments: Golden.randomModels) func goldens(name: String) throws {
    try use(fixture("\(name)/model"))
    try check(name)
  }

  /// The transformer's folder may differ from the model's. A written model is in one folder.
  @Test func theTransformerInAFolderOfItsOwn() throws {
    let transformer = folder.path("transformer")
    try FileManager.default.moveItem(atPath: original, toPath: transformer)
    try FileManager.default.createDirectory(atPath: original, withIntermediateDirectories: true)
    for name in ["modules.json", "1_Pooling"] {
      try FileManager.default.moveItem(atPath: "\(transformer)/\(name)", toPath: "\(original)/\(name)")
    }
    try FileManager.default.moveItem(atPath: transformer, toPath: "\(original)/0_Transformer")
    let modules = try String(contentsOfFile: "\(original)/modules.json", encoding: .utf8)
    try folder.write(modules.replacing(#""path": """#, with: #""path": "0_Transformer""#), to: "original/modules.json")
    let read = try ModelFolder(path: original)
    #expect(read.transformerPath == "\(original)/0_Transformer")
    try Folder(copy).create()
    try read.write(to: copy)
    try FileManager.default.copyItem(
      atPath: "\(original)/0_Transformer/model.safetensors", toPath: "\(copy)/model.safetensors")
    #expect(try said(ModelFolder(path: copy)) == said(read))
    #expect(try bits(copy) == bits(original))
  }

  @Test func staticEmbeddings() throws {
    try use(repositoryPath("Tests/SwiftletTrainingTests/Fixtures/architectures/static-embedding/model"))
    let again = try check()
    #expect(again.normalizes && again.poolingModes == [.mean] && !exists("\(copy)/config.json"))
  }
}
