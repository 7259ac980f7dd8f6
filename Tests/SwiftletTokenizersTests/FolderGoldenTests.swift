// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// Tokenizer files as people have them give the tokens of the transformers library
/// (Scripts/make_folder_goldens.py).
struct FolderGoldenTests {
  private static let goldens: JSONObject = {
    let json = try? JSONParser.parse(path: fixture("folders.json"), limit: 1 << 24)
    return json?.object ?? [:]
  }()

  private static var cases: [JSONObject] { goldens["cases"]?.array?.compactMap(\.object) ?? [] }
  static var names: [String] { cases.compactMap { $0["name"]?.string } }

  @Test(arguments: names)
  func tokensAreTheReferences(of name: String) throws {
    let golden = try #require(Self.cases.first { $0["name"]?.string == name })
    let vocabulary = try #require(Self.goldens["vocabulary"]?.array).map { try #require($0.string) }
    let folder = try TemporaryFolder()
    try folder.write(files: try #require(golden["files"]?.object), vocabulary: vocabulary)
    let tokenizer = try Tokenizer(folder: folder.path)
    let texts = try #require(Self.goldens["texts"]?.array).map { try #require($0.string) }
    for (text, expected) in zip(texts, try #require(golden["singles"]?.array)) {
      try check(tokenizer, text, nil, expected, name)
    }
    let pairs = try #require(Self.goldens["pairs"]?.array).map { try #require($0.array) }
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
