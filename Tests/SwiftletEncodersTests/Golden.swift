// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import SwiftletWeights
import TestSupport

/// A golden of Fixtures/README.md: a model folder, texts with their ids, and what the reference computed for them.
struct Golden {
  struct Text {
    let text: String
    let pair: String?
    let ids: [Int32]
    let typeIDs: [Int32]
    let isTruncated: Bool

    var batch: TokenBatch {
      var batch = TokenBatch()
      batch.append(ids: ids, typeIDs: typeIDs)
      return batch
    }
  }

  let folder: String
  let texts: [Text]
  private let expected: SafetensorsFile

  static let randomModels =
    [
      "cased-gelu-new-task-heads", "gelu-mean-normalized", "odd-f64-few-positions", "prompt-not-pooled",
      "relu-f16-shards", "saved-by-reference", "silu-bf16-gamma-beta", "modules",
    ] + architectures

  /// One of each architecture but BERT.
  static let architectures = ["distilbert", "electra", "mpnet", "xlm-roberta"]

  /// The golden of a small random model.
  init(_ name: String) throws {
    try self.init(folder: fixture("\(name)/model"), fixtures: fixture(name))
  }

  /// The golden of the bundled model.
  static func bundled() throws -> Golden {
    try Golden(folder: repositoryPath("weights/all-MiniLM-L6-v2"), fixtures: fixture("all-MiniLM-L6-v2"))
  }

  private init(folder: String, fixtures: String) throws {
    self.folder = folder
    expected = try SafetensorsFile(path: fixtures + "/expected.safetensors")
    let json = try JSONParser.parse(path: fixtures + "/texts.json", limit: 1 << 20)
    texts = (json.array ?? []).compactMap { text in
      guard let object = text.object, let string = object["text"]?.string else { return nil }
      func integers(_ key: String) -> [Int32]? { object[key]?.array?.compactMap { $0.int.map(Int32.init) } }
      let ids = integers("ids") ?? []
      return Text(
        text: string, pair: object["pair"]?.string, ids: ids,
        typeIDs: integers("type_ids") ?? Array(repeating: 0, count: ids.count),
        isTruncated: object["truncated"] == .bool(true))
    }
  }

  /// The names of what the reference computed.
  var names: [String] { expected.tensors.map(\.name) }

  /// The numbers of one of these tensors, row-major.
  func values(_ name: String) throws -> (values: [Double], shape: [Int]) {
    (try expected.numbers(name), try expected.tensor(name).shape)
  }
}

/// The largest distance of two arrays' elements; infinite if one is NaN or the arrays' lengths differ.
func largestError(_ values: some Collection<Float>, _ expected: some Collection<Double>) -> Double {
  guard values.count == expected.count else { return .infinity }
  return zip(values, expected).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - pair.1)
    return error.isNaN ? .infinity : max(worst, error)
  }
}

/// The cosine of the angle between two vectors.
func cosine(_ a: some Collection<Float>, _ b: some Collection<Double>) -> Double {
  let dot = zip(a, b).reduce(0) { $0 + Double($1.0) * $1.1 }
  let lengths = a.reduce(0) { $0 + Double($1) * Double($1) } * b.reduce(0) { $0 + $1 * $1 }
  return dot / lengths.squareRoot()
}
