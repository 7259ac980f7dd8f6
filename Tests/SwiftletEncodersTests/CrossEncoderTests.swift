// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTokenizers
import SwiftletWeights
import TestSupport
import Testing

/// Scores of pairs against sentence-transformers' CrossEncoder, for folders of all its versions.
@Suite struct CrossEncoderTests {
  /// A case of Fixtures/cross-encoders/cases.json.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let model: String
    let files: JSONObject
    let scores: [[Double]]
    /// nil in a case with changed files.
    let logits: [[Double]]?

    var testDescription: String { name }

    /// Copies the model's folder, with the changed files.
    func write(to folder: TemporaryFolder) throws {
      try FileManager.default.copyItem(atPath: fixture("cross-encoders/\(model)"), toPath: folder.path("model"))
      for file in files.members { try folder.write(file.value.string ?? "", to: "model/\(file.key)") }
    }
  }

  static let cases: [Case] = {
    func numbers(_ value: JSONValue?) -> [[Double]]? { value?.array?.map { $0.array?.compactMap(\.double) ?? [] } }
    return json("cases").compactMap { element in
      guard let object = element.object, let scores = numbers(object["scores"]) else { return nil }
      return Case(
        name: object["name"]?.string ?? "", model: object["model"]?.string ?? "",
        files: object["files"]?.object ?? [:], scores: scores, logits: numbers(object["logits"]))
    }
  }()

  static let models = cases.filter { $0.logits != nil }

  static let pairs: [(String, String)] = json("pairs").map { ($0.array?[0].string ?? "", $0.array?[1].string ?? "") }

  private static func json(_ name: String) -> [JSONValue] {
    (try? JSONParser.parse(path: fixture("cross-encoders/\(name).json"), limit: 1 << 20))?.array ?? []
  }

  private let folder: TemporaryFolder
  private var model: String { folder.path("model") }

  init() throws { folder = try TemporaryFolder() }

  private func use(_ name: String) throws {
    try #require(Self.models.first { $0.name == name }).write(to: folder)
  }

  private func error(_ scores: PairScores, _ expected: [[Double]]) -> Double {
    largestError(scores.tensor.values, expected.joined().map { $0 })
  }

  @Test func goldensAreThere() {
    #expect(Self.cases.count == 25 && Self.models.count == 9 && Self.pairs.count == 10)
  }

  @Test(arguments: cases) func scoresAsTheReference(golden: Case) throws {
    try golden.write(to: folder)
    let encoder = try CrossEncoder(folder: model)
    let scores = try encoder.scores(of: Self.pairs)
    #expect(scores.labelCount == golden.scores[0].count && encoder.labels.count == scores.labelCount)
    #expect(error(scores, golden.scores) <= 1e-5)
    #expect(!encoder.warnings.contains { $0.contains("modules.json") } && encoder.unusedTensors == [])
    guard let logits = golden.logits else { return }
    #expect(error(try encoder.scores(of: Self.pairs, asLogits: true), logits) <= 1e-5)
  }

  @Test func aMappedTableIsNotChecked() throws {
    try use("bert-saved")
    try SafetensorsFile.spoil("bert.embeddings.word_embeddings.weight", in: folder.path("model/model.safetensors"))
    #expect(throws: WeightError.self) { try CrossEncoder(folder: model) }
    var settings = CrossEncoderSettings()
    settings.mapsEmbeddingTables = true
    #expect(try CrossEncoder(folder: model, settings: settings).scores(of: Self.pairs)[0].allSatisfy(\.isNaN))
  }

  @Test func labelsAndLengths() throws {
    func encoder(_ name: String) throws -> CrossEncoder { try CrossEncoder(folder: fixture("cross-encoders/\(name)")) }
    #expect(try encoder("bert-2").labels == ["LABEL_0", "LABEL_1"])
    #expect(try encoder("bert-3-saved").labels == ["contradiction", "entailment", "neutral"])
    #expect(try encoder("bert").maxLength == 48 && encoder("xlm-roberta").maxLength == 48)
    let folder = fixture("cross-encoders/bert")
    #expect(try CrossEncoder(folder: folder, settings: CrossEncoderSettings(maxLength: 9)).maxLength == 9)
    #expect(throws: EncoderSettingsError.maxLength(2, allowed: 3...48)) {
      try CrossEncoder(folder: folder, settings: CrossEncoderSettings(maxLength: 2))
    }
  }

  @Test func pairsThatAreCut() throws {
    let encoder = try CrossEncoder(folder: fixture("cross-encoders/bert"))
    #expect(try encoder.scores(of: Self.pairs).truncated == [5, 6, 7, 8, 9])
    #expect(try encoder.scores(of: []).isEmpty)
  }

  /// In float32 and int8 on every path of the CPU, in bfloat16 on each.
  @Test(arguments: models, Precision.allCases)
  func sameBitsInAnyBatchOnThreadsAndPaths(golden: Case, precision: Precision) throws {
    let folder = fixture("cross-encoders/\(golden.model)")
    var expected: [[UInt32]] = []
    for kernels in Kernels.available {
      if precision == .bfloat16 { expected = [] }
      for threads in [1, 3] {
        let encoder = try CrossEncoder(
          folder: folder, settings: CrossEncoderSettings(precision: precision, threadCount: threads), kernels: kernels)
        let all = try encoder.scores(of: Self.pairs).map { $0.map(\.bitPattern) }
        if expected.isEmpty { expected = all }
        #expect(all == expected, "\(kernels.path), \(threads) threads")
        // Each alone and in reverse order.
        for (index, pair) in Self.pairs.enumerated() {
          #expect(try encoder.scores(of: [pair])[0].map(\.bitPattern) == expected[index], "\(kernels.path) \(pair)")
        }
        let reversed = try encoder.scores(of: Self.pairs.reversed() + Self.pairs).map { $0.map(\.bitPattern) }
        #expect(reversed == expected.reversed() + expected)
      }
    }
  }

  @Test(arguments: models) func fewerBitsStayNear(golden: Case) throws {
    for (precision, most) in [(Precision.bfloat16, 0.04), (.int8, 0.2)] {
      let encoder = try CrossEncoder(
        folder: fixture("cross-encoders/\(golden.model)"), settings: CrossEncoderSettings(precision: precision))
      let error = error(try encoder.scores(of: Self.pairs, asLogits: true), try #require(golden.logits))
      #expect(error > 0 && error <= most, "\(precision) \(error)")
    }
  }

  @Test func synchronousAndAsynchronous() async throws {
    let encoder = try CrossEncoder(folder: fixture("cross-encoders/bert-saved"))
    func scores() throws -> [[Float]] { try Array(encoder.scores(of: Self.pairs)) }
    func ranking() throws -> [RankedDocument] { try encoder.rank(query: "a cat", documents: ["a dog", "the mat"]) }
    #expect(try await Array(encoder.scores(of: Self.pairs)) == scores())
    #expect(try await encoder.rank(query: "a cat", documents: ["a dog", "the mat"]) == ranking())
    let task = Task { try await encoder.scores(of: Self.pairs) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  /// Also of models without token types, whose tokenizer may give some.
  @Test(arguments: models) func requestsHaveTheSameBits(golden: Case) async throws {
    let encoder = try CrossEncoder(folder: fixture("cross-encoders/\(golden.model)"))
    let request = try await encoder.request(for: encoder.tokens(of: Self.pairs))
    let scores = try await RequestQueue().result(of: request).output
    #expect(try await Array(scores) == Array(encoder.scores(of: Self.pairs)))
  }

  @Test func documentsInTheOrderOfTheirScores() throws {
    let encoder = try CrossEncoder(folder: fixture("cross-encoders/bert"))
    let documents = ["the mat", "a dog ran", "the mat", "", "it sat on the cat"]
    let scores = try encoder.scores(of: documents.map { ("the cat", $0) }).map { $0[0] }
    let ranking = try encoder.rank(query: "the cat", documents: documents)
    #expect(ranking.map(\.score) == scores.sorted(by: >) && ranking.map(\.score) == ranking.map { scores[$0.index] })
    let places = ranking.map(\.index)
    #expect(places.sorted() == [0, 1, 2, 3, 4])
    // Equal scores are in the order of the list.
    #expect(places.firstIndex(of: 2) == places.firstIndex(of: 0).map { $0 + 1 })
    #expect(try encoder.rank(query: "the cat", documents: documents, topK: 2) == Array(ranking.prefix(2)))
    #expect(try encoder.rank(query: "the cat", documents: documents, topK: 9) == ranking)
    let logits = try encoder.rank(query: "the cat", documents: documents, asLogits: true)
    #expect(logits.map(\.index) == places && logits[0].score != ranking[0].score)
    #expect(throws: EncoderSettingsError.severalLabels(["LABEL_0", "LABEL_1"])) {
      try CrossEncoder(folder: fixture("cross-encoders/bert-2")).rank(query: "", documents: documents)
    }
  }

  @Test func promptsByName() throws {
    try #require(Self.cases.first { $0.name == "a default prompt" }).write(to: folder)
    let encoder = try CrossEncoder(folder: model)
    #expect(encoder.defaultPromptName == "web" && encoder.prompts == ["web": "the dog ran: "])
    let plain = try CrossEncoder(folder: fixture("cross-encoders/bert-saved")).scores(of: Self.pairs)
    #expect(Array(try encoder.scores(of: Self.pairs, prompt: "")) == Array(plain))
    #expect(Array(try encoder.scores(of: Self.pairs, prompt: "web")) == Array(try encoder.scores(of: Self.pairs)))
    #expect(throws: EncoderSettingsError.unknownPrompt("other", known: ["web"])) {
      try encoder.scores(of: Self.pairs, prompt: "other")
    }
  }

  // MARK: What is refused

  private func message(_ open: () throws -> Void) throws -> String {
    let error = try #require(throws: (any Error).self) { try open() }
    let text = try #require(error as? any SwiftletError).description
    #expect(!text.contains("\n"))
    return text
  }

  @Test func sentenceEncodersAreRefused() throws {
    let listed = try message { _ = try CrossEncoder(folder: repositoryPath("weights/all-MiniLM-L6-v2")) }
    #expect(listed.contains("modules.json: the list of modules is that of a sentence encoder"))
    #expect(listed.contains("open it with SentenceEncoder, or with the program embed"))
    let bare = try message { _ = try CrossEncoder(folder: fixture("electra/model")) }
    #expect(bare.contains(#"config.json: architectures is "ElectraModel", which scores no pairs"#))
    #expect(bare.contains("open it with SentenceEncoder"))
  }

  @Test(arguments: ["bert-saved", "bert-3-saved", "distilbert"])
  func sentenceEncoderRefusesCrossEncoders(name: String) throws {
    let text = try message { _ = try SentenceEncoder(folder: fixture("cross-encoders/\(name)")) }
    #expect(text.contains("config_sentence_transformers.json: model_type says that this is a cross-encoder"))
    #expect(text.contains("open it with CrossEncoder, or with the program rerank"))
  }

  /// As the reference falls back to the kind of the modules where the file is missing.
  @Test func theTaskTellsWhereTheModelTypeIsMissing() throws {
    try use("bert-saved")
    try FileManager.default.removeItem(atPath: "\(model)/config_sentence_transformers.json")
    #expect(try CrossEncoder(folder: model).labels == ["LABEL_0"])
    let text = try message { _ = try SentenceEncoder(folder: model) }
    #expect(text.contains("sentence_bert_config.json: transformer_task says that this is a cross-encoder"))
  }

  /// A sequence classifier without modules.json is a bare model, too.
  @Test func olderCrossEncodersAreWarnedOf() throws {
    let warnings = try SentenceEncoder(folder: fixture("cross-encoders/bert")).warnings
    #expect(warnings.contains { $0.contains("BertForSequenceClassification is a cross-encoder or a classifier") })
  }

  @Test(arguments: [
    ("bert", "config.json", #""sbert_ce_default_activation_function":"my.module.Sigmoid""#),
    ("bert", "config.json", #""sentence_transformers":{"activation_fn":"torch.nn.Mish"}"#),
    ("bert-saved", "config_sentence_transformers.json", #""activation_fn":"torch.sigmoid""#),
    ("bert", "config.json", #""sbert_ce_default_activation_function":1"#),
    ("bert", "config.json", #""id2label":[1]"#), ("bert-2", "config.json", #""num_labels":0"#),
  ])
  func whatIsNotComputedIsRefusedByName(name: String, file: String, entry: String) throws {
    try use(name)
    let key = try write(entry, to: file)
    let problem = try message { _ = try CrossEncoder(folder: model) }
    #expect(problem.contains("\(file): \(key)"), "\(problem)")
  }

  /// The largest number of labels is that of a model: here the head has fewer.
  @Test func manyLabels() throws {
    try use("bert-2")
    try write(#""num_labels":65536"#, to: "config.json")
    let problem = try message { _ = try CrossEncoder(folder: model) }
    #expect(problem.contains("classifier.weight") && !problem.contains("num_labels"), "\(problem)")
    try write(#""num_labels":65537"#, to: "config.json")
    #expect(try message { _ = try CrossEncoder(folder: model) }.contains("config.json: num_labels"))
  }

  /// Sets an entry of a file of the folder.
  ///
  /// - Returns: its key.
  @discardableResult private func write(_ entry: String, to file: String) throws -> String {
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(model)/\(file)")), as: UTF8.self)
    let key = String(entry.split(separator: "\"")[0])
    var object = try #require(JSONParser.parse(Array("{\(entry)}".utf8)).object)
    for member in try #require(JSONParser.parse(Array(text.utf8)).object).members where member.key != key {
      object[member.key] = member.value
    }
    var bytes: [UInt8] = []
    JSONWriter.append(.object(object), to: &bytes)
    try folder.write(bytes, to: "model/\(file)")
    return key
  }

  @Test func otherModulesAreRefusedByName() throws {
    try use("bert-saved")
    let type = "sentence_transformers.base.modules"
    let modules = ["transformer.Transformer", "pooling.Pooling", "dense.Dense"].enumerated().map {
      #"{"idx":\#($0),"name":"\#($0)","path":"","type":"\#(type).\#($1)"}"#
    }
    try folder.write("[\(modules.joined(separator: ","))]", to: "model/modules.json")
    let text = try message { _ = try CrossEncoder(folder: model) }
    #expect(text.contains(#"module 1 "\#(type).pooling.Pooling" is not supported, only Transformer"#))
    try folder.write("[\(modules[0]),\(modules[0].replacing("\"0\"", with: "\"1\""))]", to: "model/modules.json")
    #expect(try message { _ = try CrossEncoder(folder: model) }.contains("only a Transformer alone"))
  }

  /// The weights of a model without a head.
  @Test func missingHeads() throws {
    try rename { $0.hasPrefix("classifier") || $0.hasPrefix("bert.pooler") ? "other.\($0.count)" : $0 }
    let text = try message { _ = try CrossEncoder(folder: model) }
    #expect(text.contains(#""bert.pooler.dense.weight" is missing"#) && text.contains(#""classifier.bias" is missing"#))
    #expect(text.contains("give a cross-encoder's folder, or make one of this model by fine-tuning it"))
  }

  /// Prefixes of other tools before all names, and a transformer without its own.
  @Test(arguments: ["module.bert.", "model.bert.", ""]) func namesWithPrefixes(prefix: String) throws {
    let own = "bert.", outer = prefix.hasSuffix(own) ? String(prefix.dropLast(own.count)) : prefix
    try rename { $0.hasPrefix(own) ? prefix + $0.dropFirst(own.count) : outer + $0 }
    let golden = try #require(Self.models.first { $0.name == "bert" })
    #expect(error(try CrossEncoder(folder: model).scores(of: Self.pairs), golden.scores) <= 1e-5)
  }

  /// Copies a folder with other names of its tensors.
  private func rename(_ name: (String) -> String) throws {
    try use("bert")
    let path = "\(model)/model.safetensors", bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let start = 8 + (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    var object = JSONObject()
    for member in try #require(JSONParser.parse(Array(bytes[8..<start])).object).members {
      object[member.key == "__metadata__" ? member.key : name(member.key)] = member.value
    }
    var header: [UInt8] = []
    JSONWriter.append(.object(object), to: &header)
    header += Array(repeating: UInt8(ascii: " "), count: 7 - (header.count + 7) % 8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    try folder.write(length + header + bytes[start...], to: "model/model.safetensors")
  }
}
