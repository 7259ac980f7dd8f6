// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

@testable import SwiftletSearch

/// Bringing an index of texts up to date, and searching it with texts.
@Suite struct IndexUpdateTests {
  private static let model = repositoryPath("weights/all-MiniLM-L6-v2")
  private let encoder = try! SentenceEncoder(folder: IndexUpdateTests.model)
  private let folder = try! TemporaryFolder()
  private var path: String { folder.path("index") }

  private func update(_ texts: [String], ids: [String]? = nil, metadata: JSONObject = [:]) throws
    -> IndexUpdate.Summary
  {
    let writer = try VectorIndexWriter(folder: path, IndexDescription(for: encoder))
    var update = try IndexUpdate(of: writer, with: encoder)
    for (number, text) in texts.enumerated() { try update.add(text, id: ids?[number], metadata: metadata) }
    return try update.commit()
  }

  private func hits(_ query: String, _ limit: Int = 10) throws -> [SearchHit] {
    try Array(VectorIndex(folder: path).search(query, with: encoder, limit: limit))
  }

  @Test func onlyChangesAreEmbedded() throws {
    let texts = ["A man is eating.", "A plane lands.", "", "A man is eating.", "Two dogs run."]
    var summary = try update(texts)
    #expect(summary == IndexUpdate.Summary(embedded: 5))
    #expect(try hits("Someone eats.", 2).map(\.position) == [0, 3])
    // A text that moves is kept, one that is gone removed, and a new one embedded.
    summary = try update([
      "A cat sleeps.", "A plane lands.", "A man is eating.", "A man is eating.", "A man is eating.",
    ])
    #expect(summary == IndexUpdate.Summary(embedded: 2, kept: 3, removed: 2))
    let found = try hits("Someone eats.", 3)
    #expect(found.map(\.position) == [2, 3, 4] && Set(found.map(\.document.id)).count == 3)
    // The result is that of an index made anew.
    let changed = try hits("An animal rests.")
    try Folder(path).remove()
    _ = try update(["A cat sleeps.", "A plane lands.", "A man is eating.", "A man is eating.", "A man is eating."])
    #expect(try hits("An animal rests.") == changed)
    summary = try update([
      "A cat sleeps.", "A plane lands.", "A man is eating.", "A man is eating.", "A man is eating.",
    ])
    #expect(summary == IndexUpdate.Summary(kept: 5))
    #expect(try VectorIndex(folder: path).generation == 1)
  }

  /// An update that is stopped has shown nothing, and the next embeds only what was not complete.
  @Test func aStoppedUpdateIsGoneOnWith() throws {
    let description = try IndexDescription(for: encoder), texts = (0..<11).map { "text number \($0)" }
    _ = try update(["text number 3", "other"])
    for stop in [0, 4, 9] {
      let writer = try VectorIndexWriter(folder: path, description, segmentRows: 3)
      var update = try IndexUpdate(of: writer, with: encoder, batchTexts: 1)
      for text in texts.prefix(stop) { try update.add(text) }
      // Nobody commits.
      #expect(try hits("text", 20).map(\.document.text).sorted() == ["other", "text number 3"])
      try VectorIndex(folder: path).check()
    }
    let summary = try update(texts)
    // Of nine, one was there, and eight were embedded, six of them in whole segments.
    #expect(summary == IndexUpdate.Summary(embedded: 4, kept: 7, removed: 1))
    #expect(try hits("text", 20).map(\.position).sorted() == Array(0..<11))
    let index = try VectorIndex(folder: path)
    try index.check()
    #expect(try Set(Folder(path).names()) == IndexManifest.read(folder: path).names)
    #expect(try update(texts) == IndexUpdate.Summary(kept: 11))
  }

  /// A commit removes the segments of a stopped update that hold nothing of the corpus, and the same writer goes on.
  @Test func aWriterForgetsWhatItRemoved() throws {
    func update(_ writer: VectorIndexWriter, _ texts: [String]) throws -> IndexUpdate.Summary {
      var update = try IndexUpdate(of: writer, with: encoder)
      for text in texts { try update.add(text, id: text) }
      return try update.commit()
    }
    do {
      let writer = try VectorIndexWriter(folder: path, IndexDescription(for: encoder), segmentRows: 1)
      var stopped = try IndexUpdate(of: writer, with: encoder, batchTexts: 1)
      for text in ["a", "b", "c"] { try stopped.add(text, id: text) }
    }
    let writer = try VectorIndexWriter(folder: path, IndexDescription(for: encoder))
    #expect(try update(writer, ["a"]) == IndexUpdate.Summary(kept: 1))
    #expect(try update(writer, ["a", "b"]) == IndexUpdate.Summary(embedded: 1, kept: 1))
    let index = try VectorIndex(folder: path)
    try index.check()
    #expect(index.count == 2)
  }

  /// The same where documents have ids and their texts have changed.
  @Test func aStoppedUpdateOfChangedTextsIsGoneOnWith() throws {
    let ids = (0..<8).map { "id \($0)" }, old = ids.map { "old \($0)" }, new = ids.map { "new \($0)" }
    _ = try update(old, ids: ids)
    do {
      let writer = try VectorIndexWriter(folder: path, IndexDescription(for: encoder), segmentRows: 3)
      var update = try IndexUpdate(of: writer, with: encoder, batchTexts: 1)
      for (id, text) in zip(ids, new).prefix(7) { try update.add(text, id: id) }
    }
    #expect(try hits("old", 20).map(\.document.text).sorted() == old)
    #expect(try update(new, ids: ids) == IndexUpdate.Summary(embedded: 2, kept: 6))
    #expect(try hits("new", 20).map(\.document.text).sorted() == new)
    #expect(try update(new, ids: ids) == IndexUpdate.Summary(kept: 8))
    try VectorIndex(folder: path).check()
  }

  /// Before the first commit there is no index, and another description may be given.
  @Test func aStoppedFirstUpdateIsNoIndex() throws {
    func stop(_ description: IndexDescription) throws {
      let writer = try VectorIndexWriter(folder: path, description, segmentRows: 1)
      var update = try IndexUpdate(of: writer, with: encoder, batchTexts: 1)
      for text in ["one", "two", "three"] { try update.add(text) }
    }
    try stop(IndexDescription(for: encoder))
    #expect(throws: IndexError(.missing, path: path)) { try VectorIndex(folder: path) }
    try stop(IndexDescription(for: encoder, scan: .float32))
    let writer = try VectorIndexWriter(folder: path, IndexDescription(for: encoder, scan: .float32))
    var update = try IndexUpdate(of: writer, with: encoder)
    for text in ["one", "two", "three"] { try update.add(text) }
    #expect(try update.commit() == IndexUpdate.Summary(embedded: 1, kept: 2))
  }

  @Test func theOrderOfMetadataDoesNotMatter() throws {
    let first: JSONObject = ["b": .bool(true)], second: JSONObject = ["a": .null, "b": .bool(false)]
    for generation in [1, 1] {
      let writer = try VectorIndexWriter(folder: path, IndexDescription(for: encoder))
      var update = try IndexUpdate(of: writer, with: encoder)
      try update.add("one", metadata: first)
      try update.add("two", metadata: second)
      _ = try update.commit()
      #expect(try VectorIndex(folder: path).generation == generation)
    }
  }

  @Test func manySmallSegmentsAreJoined() throws {
    for count in 1...40 { _ = try update((0..<count).map { "text \($0)" }) }
    let index = try VectorIndex(folder: path)
    #expect(index.count == 40 && index.segments.count < 20)
  }

  @Test func idsTellDocumentsApart() throws {
    _ = try update(["one", "two"], ids: ["a", "b"])
    var summary = try update(["one", "three"], ids: ["a", "b"])
    #expect(summary == IndexUpdate.Summary(embedded: 1, kept: 1))
    // New metadata need no new vector.
    summary = try update(["one", "three"], ids: ["a", "b"], metadata: ["new": .bool(true)])
    #expect(summary == IndexUpdate.Summary(kept: 2))
    #expect(try hits("one").allSatisfy { $0.document.metadata == ["new": .bool(true)] })
    #expect(throws: IndexError(.duplicateID("a"))) { try update(["one", "two"], ids: ["a", "a"]) }
    #expect(try hits("one").map(\.document.id) == ["a", "b"])
  }

  @Test func scoresAreThoseOfTheVectors() throws {
    let texts = (0..<300).map { "Sentence number \($0) is about \(["cats", "dogs", "planes"][$0 % 3])." }
    _ = try update(texts)
    let query = try encoder.encode(["Tell me of dogs."])[0], vectors = try encoder.encode(texts)
    let found = try hits("Tell me of dogs.", 300)
    #expect(found.count == 300)
    for hit in found { #expect(hit.score == laneDot(Array(query), Array(vectors[hit.position]))) }
    #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
  }

  @Test func anotherModelOrSettingIsRefused() throws {
    _ = try update(["one"])
    let index = try VectorIndex(folder: path)
    let int8 = try SentenceEncoder(folder: Self.model, settings: EncoderSettings(precision: .int8))
    #expect(throws: IndexError(.otherModel(setting: "precision", index: "float32", given: "int8"), path: path)) {
      try index.search("one", with: int8)
    }
    let short = try SentenceEncoder(folder: Self.model, settings: EncoderSettings(maxLength: 9))
    #expect(throws: IndexError.self) { try index.search("one", with: short) }
    let copy = folder.path("copy")
    try FileManager.default.copyItem(atPath: Self.model, toPath: copy)
    #expect(throws: Never.self) { try index.search("one", with: SentenceEncoder(folder: copy)) }
    _ = try folder.write(
      "{\"max_seq_length\": 256, \"do_lower_case\": false, \"x\": 1}", to: "copy/sentence_bert_config.json")
    #expect(throws: IndexError.self) { try index.search("one", with: SentenceEncoder(folder: copy)) }
    #expect(throws: IndexError.self) { try VectorIndexWriter(folder: path, IndexDescription(for: int8)) }
    let foreign = folder.path("foreign")
    try VectorIndexWriter(folder: foreign, IndexDescription(dimension: 384)).commit()
    #expect(throws: IndexError(.foreignVectors, path: foreign)) {
      try VectorIndex(folder: foreign).search("one", with: encoder)
    }
  }

  @Test func anotherEncoderOrPromptCannotUpdate() throws {
    let copy = folder.path("copy")
    try FileManager.default.copyItem(atPath: Self.model, toPath: copy)
    try folder.write(#"{"prompts": {"query": "q: "}}"#, to: "copy/config_sentence_transformers.json")
    let other = try SentenceEncoder(folder: copy)
    let writer = try VectorIndexWriter(folder: path, IndexDescription(for: other, prompt: "query"))
    func update(_ encoder: SentenceEncoder, _ prompt: String?) throws -> IndexUpdate.Summary {
      var update = try IndexUpdate(of: writer, with: encoder, prompt: prompt)
      try update.add("one")
      return try update.commit()
    }
    #expect(throws: IndexError(.otherModel(setting: "the prompt", index: "\"q: \"", given: "\"\""), path: path)) {
      try update(other, nil)
    }
    let error = #expect(throws: IndexError.self) { try update(encoder, nil) }
    #expect(error?.description.contains("the index was made with the model") == true)
    #expect(try update(other, "query") == IndexUpdate.Summary(embedded: 1))
  }

  @Test func truncatedTextsAreListed() throws {
    let long = String(repeating: "word ", count: 400)
    #expect(try update(["short", long]).truncated == [1])
  }

  @Test func aDocumentHasTheScoreOfItsBestWindow() throws {
    let filler = (0..<30).map { "Sentence \($0) tells of the weather at sea." }.joined(separator: " ")
    let texts = [
      "\(filler) Two dogs run after a ball. \(filler)", "A dog sleeps.", filler,
      "Cats and dogs. \(filler)", String(repeating: "Two dogs run after a ball. ", count: 40),
    ]
    let windows = try TextWindows(tokens: 24, overlap: 8)
    let description = try IndexDescription(for: encoder, windows: windows)
    func update(_ texts: [String]) throws -> IndexUpdate.Summary {
      let writer = try VectorIndexWriter(folder: path, description)
      var update = try IndexUpdate(of: writer, with: encoder)
      for text in texts { try update.add(text) }
      return try update.commit()
    }
    #expect(try update(texts) == IndexUpdate.Summary(embedded: 5))
    let index = try VectorIndex(folder: path), query = try encoder.encode(["Dogs chase a ball."])
    #expect(index.count == 5 && index.segments[0].rows > 50)
    let found = try index.search(query.tensor, limit: 5)[0]
    #expect(found.count == 5 && Set(found.map(\.position)).count == 5)
    for hit in found {
      let parts = try windows.ranges(of: hit.document.text, after: "", encoder.tokenizer).map {
        hit.document.text.utf8Part($0)
      }
      let scores = try encoder.encode(parts).map { laneDot(Array(query[0]), Array($0)) }
      let best = try #require(scores.firstIndex(of: hit.score))
      #expect(hit.score == scores.max() && hit.passage == parts[best])
      #expect(hit.document.text == texts[hit.position])
    }
    #expect(Set(found.prefix(2).map(\.position)) == [0, 4])
    #expect(try index.search(query.tensor, limit: 2)[0].map(\.position) == found.prefix(2).map(\.position))
    // All windows of a document go with it, and stay with it.
    #expect(try update([texts[2], texts[0], texts[1]]) == IndexUpdate.Summary(kept: 3, removed: 2))
    let writer = try VectorIndexWriter(folder: path)
    try writer.compact()
    let after = try VectorIndex(folder: path)
    #expect(after.count == 3 && after.segments[0].rows < index.segments[0].rows)
    #expect(try after.search(query.tensor)[0].map(\.document.text) == [texts[0], texts[1], texts[2]])
    try after.check()
    #expect(throws: IndexError.self) { try VectorIndexWriter(folder: path, IndexDescription(for: encoder)) }
    #expect(throws: IndexError.self) { try TextWindows(tokens: 5, overlap: 5) }
  }

  @Test func windowsCoverATextAndOverlap() throws {
    let text = (0..<100).map { "word\($0)" }.joined(separator: " "), windows = try TextWindows(tokens: 12, overlap: 3)
    let ranges = try windows.ranges(of: text, after: "", encoder.tokenizer)
    #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == text.utf8.count)
    for (range, next) in zip(ranges, ranges.dropFirst()) {
      #expect(next.lowerBound > range.lowerBound && next.lowerBound < range.upperBound)
    }
    for range in ranges {
      let count = try encoder.tokenizer.encode(text.utf8Part(range)).count
      #expect(count <= 12)
    }
    #expect(try windows.ranges(of: "short", after: "", encoder.tokenizer) == [0..<5])
    #expect(try windows.ranges(of: "", after: "", encoder.tokenizer) == [0..<0])
    #expect(throws: IndexError.self) { try windows.ranges(of: text, after: text, encoder.tokenizer) }
  }
}
