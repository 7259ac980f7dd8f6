// SPDX-License-Identifier: Apache-2.0

import BertEncoder
import Checkpoint
import Foundation
import TestSupport
import Testing

/// Weights that do not fit: an error with everything that is wrong, and never a made-up number.
@Suite struct WeightErrorTests {
  /// A copy of a golden's model folder that `change` edits: the header's JSON and the bytes after it.
  private func load(
    _ change: (_ header: inout [String: Any], _ data: inout Data) throws -> Void
  ) throws -> SentenceEncoder {
    let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(
      at: URL(fileURLWithPath: fixture("gelu-mean-normalized/model")), to: folder)
    let file = folder.appending(path: "model.safetensors")
    let bytes = try Data(contentsOf: file)
    let length = Int(bytes.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) })
    let json = try JSONSerialization.jsonObject(with: bytes.dropFirst(8).prefix(length))
    var header = try #require(json as? [String: Any])
    var data = Data(bytes.dropFirst(8 + length))
    try change(&header, &data)
    let text = try JSONSerialization.data(withJSONObject: header)
    let size = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    try (size + text + data).write(to: file)
    return try SentenceEncoder(folder: folder.path)
  }

  private func tensor(_ header: [String: Any], _ name: String) throws -> (info: [String: Any], start: Int) {
    let info = try #require(header[name] as? [String: Any])
    let offsets = try #require(info["data_offsets"] as? [Int])
    return (info, offsets[0])
  }

  private let query = "encoder.layer.0.attention.self.query.weight"
  private let norm = "embeddings.LayerNorm.weight"

  @Test func unchangedLoads() throws {
    #expect(try load { _, _ in }.encode(["a"]).count == 1)
  }

  @Test func missing() throws {
    let error = #expect(throws: WeightError.self) {
      _ = try load { header, _ in
        for name in [query, norm] { header["other." + name] = header.removeValue(forKey: name) }
      }
    }
    #expect(Set(error?.problems.map(\.name) ?? []) == [query, norm])
    #expect(error?.problems.allSatisfy { if case .missing = $0 { true } else { false } } == true)
  }

  @Test func misshapen() throws {
    let error = #expect(throws: WeightError.self) {
      _ = try load { header, _ in
        var info = try tensor(header, query).info
        let shape = try #require(info["shape"] as? [Int])
        info["shape"] = [shape[0] * shape[1]]
        header[query] = info
      }
    }
    guard case .misshapen(query, let shape, let expected) = error?.problems.first else {
      return #expect(Bool(false), "\(String(describing: error))")
    }
    #expect(shape == [expected[0] * expected[1]])
  }

  @Test func notFinite() throws {
    let error = #expect(throws: WeightError.self) {
      _ = try load { header, data in
        for (name, value, element) in [(query, Float.nan, 5), (norm, -Float.infinity, 2)] {
          let start = try tensor(header, name).start + 4 * element
          withUnsafeBytes(of: value) { data.replaceSubrange(start..<start + 4, with: $0) }
        }
      }
    }
    #expect(
      error?.problems == [
        .nonFinite(name: norm, count: 1, firstIndex: 2), .nonFinite(name: query, count: 1, firstIndex: 5),
      ])
    #expect(error?.description.contains("\n") == false)
  }

  @Test func unusableType() throws {
    let error = #expect(throws: WeightError.self) {
      _ = try load { header, _ in
        var info = try tensor(header, query).info
        info["dtype"] = "I32"
        header[query] = info
      }
    }
    #expect(error?.problems == [.unusableType(name: query, type: .i32)])
  }
}
