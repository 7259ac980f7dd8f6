// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// Tokenizer files as people have them give the tokens of the transformers library
/// (Scripts/make_folder_goldens.py).
struct FolderGoldenTests {
  /// A file of cases with the texts that all of them encode.
  struct Goldens {
    let fields: JSONObject

    init(_ path: String) {
      fields = (try? JSONParser.parse(path: fixture(path), limit: 1 << 24))?.object ?? [:]
    }

    var cases: [JSONObject] { fields["cases"]?.array?.compactMap(\.object) ?? [] }
    var names: [String] { cases.compactMap { $0["name"]?.string } }
  }

  static let wordPiece = Goldens("folders.json"), unigram = Goldens("unigram/classes.json")

  @Test(arguments: wordPiece.names)
  func tokensAreTheReferences(of name: String) throws {
    let goldens = Self.wordPiece
    let golden = try #require(goldens.cases.first { $0["name"]?.string == name })
    let vocabulary = try #require(goldens.fields["vocabulary"]?.array).map { try #require($0.string) }
    let folder = try TemporaryFolder()
    try folder.write(files: try #require(golden["files"]?.object), vocabulary: vocabulary)
    try check(folder, goldens, golden)
  }

  /// The same for folders with a Unigram model, by class (Scripts/make_unigram_class_goldens.py).
  @Test(arguments: unigram.names)
  func tokensAreTheReferences(unigram name: String) throws {
    let golden = try #require(Self.unigram.cases.first { $0["name"]?.string == name })
    let folder = try TemporaryFolder()
    try folder.write(files: try #require(golden["files"]?.object), vocabulary: [])
    var file = try unigramFile(try #require(golden["tokenizer"]?.string))
    for replacement in try #require(golden["replacements"]?.array) {
      let parts = try #require(replacement.array).map { try #require($0.string) }
      file = file.replacing(parts[0], with: parts[1])
    }
    try folder.write(file, to: "tokenizer.json")
    try check(folder, Self.unigram, golden)
  }

  private func check(_ folder: TemporaryFolder, _ goldens: Goldens, _ golden: JSONObject) throws {
    let tokenizer = try Tokenizer(folder: folder.path), name = golden["name"]?.string ?? ""
    let texts = try #require(goldens.fields["texts"]?.array).map { try #require($0.string) }
    for (text, expected) in zip(texts, try #require(golden["singles"]?.array)) {
      try check(tokenizer, text, nil, expected, name)
    }
    let pairs = try #require(goldens.fields["pairs"]?.array).map { try #require($0.array) }
    for (pair, expected) in zip(pairs, try #require(golden["pairs"]?.array)) {
      try check(tokenizer, try #require(pair[0].string), pair[1].string, expected, name)
    }
  }

  private func check(
    _ tokenizer: Tokenizer, _ text: String, _ pair: String?, _ expected: JSONValue, _ name: String
  ) throws {
    let parts = try #require(expected.array)
    func numbers(_ value: JSONValue) throws -> [Int32] {
      try #require(value.array).map { Int32(try #require($0.int)) }
    }
    let encoding = try tokenizer.encode(text, pair: pair)
    let comment = Comment(rawValue: "\(name): \(text.debugDescription)")
    #expect(encoding.ids == (try numbers(parts[0])), comment)
    #expect(encoding.typeIDs == (try numbers(parts[1])), comment)
    let offsets = try #require(parts[2].array).map { try numbers($0) }
    #expect(encoding.offsets.map { [Int32($0.lowerBound), Int32($0.upperBound)] } == offsets, comment)
    guard pair == nil else { return }
    var batch = TokenBatch()
    try tokenizer.append(text, to: &batch, maxLength: .max)
    #expect(batch.ids == encoding.ids, comment)
  }
}
