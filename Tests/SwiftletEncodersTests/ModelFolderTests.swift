// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

/// Model folders whose files disagree with each other, loaded as an encoder.
@Suite struct ModelFolderTests {
  /// A copy of a golden's model folder, of 64 positions, 97 embeddings and, once a duplicate is gone, as many tokens.
  private let folder: TemporaryFolder
  private var model: String { folder.path("model") }

  init() throws {
    folder = try TemporaryFolder()
    let golden = fixture("gelu-mean-normalized/model")
    try FileManager.default.copyItem(atPath: golden, toPath: folder.path("model"))
    try edit("vocab.txt") { $0 = $0.replacing("##ing\n##s\n", with: "##ing\ntoken\n") }
  }

  private func edit(_ file: String, _ change: (inout String) -> Void) throws {
    var text = try String(contentsOfFile: "\(model)/\(file)", encoding: .utf8)
    change(&text)
    try folder.write(text, to: "model/\(file)")
  }

  private func warnings(_ word: String) throws -> [String] {
    try SentenceEncoder(folder: model).warnings.filter { $0.contains(word) }
  }

  @Test func theFolderItselfIsFine() throws {
    #expect(try SentenceEncoder(folder: model).warnings == [])
  }

  @Test("more tokens than rows of embeddings")
  func moreTokensThanEmbeddings() throws {
    try edit("vocab.txt") { $0 += "token97\n" }
    let error = try #require(throws: VocabularyError.self) { try SentenceEncoder(folder: model) }
    #expect(error.path == model && error.tokenCount == 98 && error.embeddingCount == 97)
    #expect(error.description.contains("98 tokens") && error.description.contains("97"))
    #expect(!error.description.contains("\n"))
  }

  @Test("fewer tokens than rows of embeddings")
  func fewerTokensThanEmbeddings() throws {
    try edit("vocab.txt") { text in
      text = text.split(separator: "\n").dropLast().map { $0 + "\n" }.joined()
    }
    #expect(try warnings("1 of 97 embeddings have no token").count == 1)
    #expect(try SentenceEncoder(folder: model).encode(["a b"]).count == 1)
  }

  /// The tokenizer never makes such ids, since its vocabulary fits the table; other ids stop before the kernel.
  @Test("a token id without a row of embeddings")
  func idsWithoutARow() async {
    await #expect(processExitsWith: .failure) { ModelFolderTests.computeHiddenStates(ofID: 97) }
    await #expect(processExitsWith: .failure) { ModelFolderTests.computeHiddenStates(ofID: -1) }
  }

  private static func computeHiddenStates(ofID id: Int32) {
    guard let encoder = try? SentenceEncoder(folder: fixture("gelu-mean-normalized/model")) else { return }
    var batch = TokenBatch()
    batch.append(ids: [id], typeIDs: nil)
    _ = try? encoder.hiddenStates(of: batch)
  }

  @Test("a text of more tokens than the model has positions")
  func textsBeyondThePositions() throws {
    let encoder = try SentenceEncoder(folder: model, settings: EncoderSettings(maxLength: 64))
    let text = String(repeating: "a b ", count: 100)
    let vectors = try encoder.encode(["a", text])
    #expect(vectors.truncated == [1])
    let encoding = try encoder.tokenizer.encode(text, options: EncodingOptions(maxLength: encoder.maxLength))
    #expect(encoding.ids.count == 64 && encoding.ids.last == encoder.tokenizer.specialTokens.separator)
    #expect(try encoder.hiddenStates(text).last?.shape == [64, 24])
    #expect(throws: EncoderSettingsError.maxLength(65, allowed: 2...64)) {
      try SentenceEncoder(folder: model, settings: EncoderSettings(maxLength: 65))
    }
  }

  @Test("a maximum length beyond the model's positions")
  func maximumLengthBeyondThePositions() throws {
    try folder.write(#"{"max_seq_length": 65}"#, to: "model/sentence_bert_config.json")
    #expect(try SentenceEncoder(folder: model).maxLength == 64)
    #expect(try warnings("max_seq_length").count == 1)
    try folder.write(#"{"max_seq_length": 64}"#, to: "model/sentence_bert_config.json")
    #expect(try warnings("max_seq_length").isEmpty)
  }

  @Test("a folder without modules.json")
  func noModules() throws {
    try FileManager.default.removeItem(atPath: "\(model)/modules.json")
    let encoder = try SentenceEncoder(folder: model)
    #expect(encoder.pooling == [.cls] && !encoder.normalizes)
    #expect(try warnings("no modules.json; pooling cls").count == 1)
    let first = try #require(encoder.hiddenStates("a b").last).values.prefix(24)
    #expect(try Array(encoder.encode(["a b"])[0]) == Array(first))
  }

  @Test("several pooling modes")
  func severalModes() throws {
    let modes: [PoolingMode] = [.cls, .max, .mean]
    let keys = ["cls_token", "max_tokens", "mean_tokens"].map { "\"pooling_mode_\($0)\": true" }
    try folder.write("{\(keys.joined(separator: ", "))}", to: "model/1_Pooling/config.json")
    let all = try SentenceEncoder(folder: model, settings: EncoderSettings(normalize: false))
    #expect(all.pooling == modes && all.dimension == 3 * 24)
    let parts = try modes.map { mode in
      let settings = EncoderSettings(pooling: [mode], normalize: false)
      return try SentenceEncoder(folder: model, settings: settings).encode(["a b"])[0]
    }
    #expect(try Array(all.encode(["a b"])[0]) == parts.flatMap { $0 })
  }

  @Test("no [PAD] in the vocabulary: it is added behind the other tokens, without an embedding")
  func noPadding() throws {
    try edit("vocab.txt") { $0 = $0.replacing("[PAD]", with: "padding") }
    try edit("config.json") { $0 = $0.replacing("\"pad_token_id\": 0", with: "\"pad_token_id\": 7") }
    let encoder = try SentenceEncoder(folder: model)
    #expect(encoder.tokenizer.specialTokens.padding == 97 && encoder.configuration.padTokenID == 7)
    #expect(try warnings("[PAD]").count == 2)
  }

  /// Thousands of labels or added tokens make real files larger than a megabyte.
  @Test("an added token without an embedding")
  func addedTokensWithoutEmbeddings() throws {
    let more = (0..<2000).map { "\"\(97 + $0)\":{\"content\":\"[T\($0)]\",\"special\":true}" }.joined(separator: ",")
    let padding = String(repeating: " ", count: 2 << 20)
    let text = "{\"do_lower_case\":true,\(padding)\"added_tokens_decoder\":{\(more)}}"
    try folder.write(text, to: "model/tokenizer_config.json")
    let encoder = try SentenceEncoder(folder: model)
    #expect(try warnings("\"[T0]\" and 1999 more has no embedding").count == 1)
    #expect(try encoder.encode(["a b"]).count == 1)
    let error = try #require(throws: TokenError.self) { try encoder.encode(["a", "b [T1]"]) }
    #expect(error == .noEmbedding(token: "[T1]", id: 98, embeddings: 97, folder: model))
    #expect(error.description.contains("\"[T1]\" with the id 98") && !error.description.contains("\n"))
    #expect(throws: TokenError.self) { try encoder.hiddenStates("b [T1]") }
    #expect(throws: TokenError.self) { try encoder.pipeline.tokens(of: [EncoderInput("[T1]")]) }
  }

  /// Whichever thread is the faster: the first chunk of texts takes much longer than the second.
  @Test func theErrorOfTheFirstTextThatHasOne() throws {
    let tokens = (0..<2).map { "\"\(97 + $0)\":{\"content\":\"[T\($0)]\",\"special\":true}" }.joined(separator: ",")
    try folder.write("{\"added_tokens_decoder\":{\(tokens)}}", to: "model/tokenizer_config.json")
    let encoder = try SentenceEncoder(folder: model, settings: EncoderSettings(threadCount: 2))
    let texts = [String(repeating: " ", count: 1 << 22) + "[T0]"] + [String](repeating: "[T1]", count: 200)
    for _ in 0..<3 {
      let error = try #require(throws: TokenError.self) { try encoder.encode(texts) }
      #expect(error == .noEmbedding(token: "[T0]", id: 97, embeddings: 97, folder: model))
    }
  }

  /// The golden whose folder has a tokenizer.json.
  @Test("tokenizer_config.json disagrees with tokenizer.json")
  func tokenizerFilesDisagree() throws {
    let other = folder.path("other")
    try FileManager.default.copyItem(atPath: fixture("saved-by-reference/model"), toPath: other)
    let lowercases = try SentenceEncoder(folder: other).tokenizer.normalization.lowercases
    try folder.write("{\"do_lower_case\": \(!lowercases)}", to: "other/tokenizer_config.json")
    #expect(try SentenceEncoder(folder: other).tokenizer.normalization.lowercases == !lowercases)
  }
}
