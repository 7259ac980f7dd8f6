// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletFiles
import SwiftletWeights
import TestSupport
import Testing

/// Weights that do not fit the model: one error lists everything that is wrong, and no number is invented.
@Suite struct WeightErrorTests {
  /// Loads a copy of a model's folder, by default a golden's, after `change` has edited the header of its weights file and the
  /// bytes after it. The copy is removed before the encoder is used.
  private func load(
    _ model: String = fixture("gelu-mean-normalized/model"), settings: EncoderSettings = EncoderSettings(),
    _ change: (_ header: inout [String: Any], _ data: inout Data) throws -> Void
  ) throws -> SentenceEncoder {
    let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(at: URL(fileURLWithPath: model), to: folder)
    let file = folder.appending(path: "model.safetensors")
    let bytes = try Data(contentsOf: file)
    let length = Int(bytes.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) })
    let json = try JSONSerialization.jsonObject(with: bytes.dropFirst(8).prefix(length))
    var header = try #require(json as? [String: Any])
    var data = Data(bytes.dropFirst(8 + length))
    try change(&header, &data)
    var text = try JSONSerialization.data(withJSONObject: header)
    text.append(Data(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    let size = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    try (size + text + data).write(to: file)
    return try SentenceEncoder(folder: folder.path, settings: settings)
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

  private func rename(_ header: inout [String: Any], _ name: (String) -> String) {
    header = Dictionary(uniqueKeysWithValues: header.map { ($0 == "__metadata__" ? $0 : name($0), $1) })
  }

  /// Adds a tensor at the end of the file.
  private func add(
    _ name: String, _ dtype: String, _ shape: [Int], bytes: Int, _ header: inout [String: Any], _ data: inout Data
  ) {
    header[name] = ["dtype": dtype, "shape": shape, "data_offsets": [data.count, data.count + bytes]]
    data.append(Data(count: bytes))
  }

  @Test func row9NoTensorsAtAll() throws {
    let error = #expect(throws: WeightError.self) {
      _ = try load { header, data in (header, data) = ([:], Data()) }
    }
    // Three tables and a norm, and two layers of eight linear maps' and norms' two vectors or matrices each.
    #expect(error?.problems.count == 5 + 2 * 16)
    #expect(error?.description.contains("and 32 more, 37 in all") == true)
  }

  @Test func row15UnusableTypeThatIsNeeded() throws {
    for type in ["I32", "U32"] {
      let error = #expect(throws: WeightError.self) {
        _ = try load { header, _ in
          var info = try tensor(header, query).info
          info["dtype"] = type
          header[query] = info
        }
      }
      #expect(error?.problems == [.unusableType(name: query, type: try #require(DType(rawValue: type)))])
    }
  }

  @Test func row15UnusableTypesThatAreNotNeeded() throws {
    let encoder = try load { header, data in
      add("embeddings.position_ids", "I64", [1, 4], bytes: 32, &header, &data)
      add("mask", "BOOL", [3], bytes: 3, &header, &data)
      add("scale", "F8_E4M3", [5], bytes: 5, &header, &data)
    }
    #expect(Set(encoder.unusedTensors).isSuperset(of: ["embeddings.position_ids", "mask", "scale"]))
  }

  @Test func row18DimensionOfZeroWhereOneIsNeeded() throws {
    let other = "other." + norm
    let error = #expect(throws: WeightError.self) {
      _ = try load { header, data in
        header[other] = header.removeValue(forKey: norm)
        add(norm, "F32", [0], bytes: 0, &header, &data)
      }
    }
    #expect(error?.problems == [.misshapen(name: norm, shape: [0], expected: [24])])
  }

  @Test func row26NotFinite() throws {
    func spoil(_ header: inout [String: Any], _ data: inout Data) throws {
      for (name, value, element) in [(query, Float.nan, 5), (norm, -Float.infinity, 2)] {
        let start = try tensor(header, name).start + 4 * element
        withUnsafeBytes(of: value) { data.replaceSubrange(start..<start + 4, with: $0) }
      }
    }
    let error = #expect(throws: WeightError.self) { _ = try load { try spoil(&$0, &$1) } }
    #expect(
      error?.problems == [
        .nonFinite(name: norm, count: 1, firstIndex: 2), .nonFinite(name: query, count: 1, firstIndex: 5),
      ])
    #expect(error?.description.contains("\n") == false)

    var settings = EncoderSettings()
    settings.allowsNonFiniteWeights = true
    let vectors = try load(settings: settings) { try spoil(&$0, &$1) }.encode(["a b", ""])
    #expect(vectors.count == 2 && !vectors[0].allSatisfy(\.isFinite))
  }

  /// Large matrices are read in pieces: these numbers are in later ones.
  @Test func row26NotFiniteInLargeMatrices() throws {
    let layer = "encoder.layer.1.", key = layer + "attention.self.key.weight"
    let intermediate = layer + "intermediate.dense.weight"
    let error = #expect(throws: WeightError.self) {
      _ = try load(repositoryPath("weights/all-MiniLM-L6-v2")) { header, data in
        for (name, element) in [(key, 147_455), (intermediate, 200_001), (intermediate, 589_823)] {
          let start = try tensor(header, name).start + 2 * element
          data.replaceSubrange(start..<start + 2, with: [0x00, 0x7E])
        }
      }
    }
    #expect(
      error?.problems == [
        .nonFinite(name: key, count: 1, firstIndex: 147_455),
        .nonFinite(name: intermediate, count: 2, firstIndex: 200_001),
      ])
  }

  @Test func row27ShapesAreAllListed() throws {
    let error = #expect(throws: WeightError.self) {
      _ = try load { header, _ in
        for name in [query, norm] {
          var info = try tensor(header, name).info
          info["shape"] = try #require(info["shape"] as? [Int]) + [1]
          header[name] = info
        }
      }
    }
    #expect(
      error?.problems == [
        .misshapen(name: norm, shape: [24, 1], expected: [24]),
        .misshapen(name: query, shape: [24, 24, 1], expected: [24, 24]),
      ])
    #expect(error?.description.contains("\"\(query)\" has shape [24, 24, 1], not [24, 24]") == true)
  }

  @Test func row28MissingTensorsAreAllListed() throws {
    let error = #expect(throws: WeightError.self) {
      _ = try load { header, _ in
        for name in [query, norm] { header["other." + name] = header.removeValue(forKey: name) }
      }
    }
    #expect(error?.problems == [.missing(name: norm), .missing(name: query)])
    #expect(error?.description.contains("the files have") == true && error?.description.contains("\n") == false)
  }

  @Test func row28ThePoolerIsOptional() throws {
    let names = ["pooler.dense.weight", "pooler.dense.bias"]
    let without = try load { header, data in
      for name in names where header[name] != nil { header["other." + name] = header.removeValue(forKey: name) }
    }
    let with = try load { header, data in
      for (name, shape) in zip(names, [[24, 24], [24]]) where header[name] == nil {
        add(name, "F32", shape, bytes: 4 * shape.reduce(1, *), &header, &data)
      }
    }
    #expect(Set(with.unusedTensors).isSuperset(of: names) && Set(without.unusedTensors).isDisjoint(with: names))
    #expect(try with.encode(["a b"])[0] == without.encode(["a b"])[0])
  }

  /// Each as a weights file of another tool has it, extra tensors beside them.
  @Test(
    arguments: [
      "", "bert.", "model.", "0.auto_model.", "auto_model.", "module.", "_orig_mod.", "question_encoder.bert_model.",
      "module.bert.",
    ], [false, true])
  func row29OtherNames(prefix: String, isOlder: Bool) throws {
    let expected = try load { _, _ in }.encode(["a b"])
    let encoder = try load { header, data in
      rename(&header) { name in
        guard isOlder else { return prefix + name }
        return prefix
          + name.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
          .replacing("LayerNorm.bias", with: "LayerNorm.beta")
      }
      add("cls.predictions.bias", "F32", [97], bytes: 4 * 97, &header, &data)
    }
    #expect(encoder.unusedTensors.contains("cls.predictions.bias"))
    #expect(try encoder.encode(["a b"])[0] == expected[0])
  }

  /// The time grows with the length of a name, not with its square.
  @Test(.timeLimit(.minutes(1))) func aNameOfDots() throws {
    let name = String(repeating: ".", count: 1 << 20)
    let encoder = try load { header, data in add(name, "F32", [1], bytes: 4, &header, &data) }
    #expect(encoder.unusedTensors.contains(name))
  }

  // MARK: Tables that stay in their file

  private static let mapped = {
    var settings = EncoderSettings()
    settings.mapsEmbeddingTables = true
    return settings
  }()

  private func bits(_ encoder: SentenceEncoder) throws -> [[UInt32]] {
    let vectors = try encoder.encode(["a b", "c", ""])
    return vectors.indices.map { vectors[$0].map(\.bitPattern) }
  }

  @Test(arguments: [fixture("gelu-mean-normalized/model"), repositoryPath("weights/all-MiniLM-L6-v2")])
  func mappedTablesGiveTheSameBits(model: String) throws {
    let expected = try bits(SentenceEncoder(folder: model))
    #expect(try bits(load(model, settings: Self.mapped) { _, _ in }) == expected)
  }

  /// A tensor of two bytes comes first: others then lie two bytes behind a multiple of four.
  @Test func tablesOffTheirPlaceAreRead() throws {
    let encoder = try load(settings: Self.mapped) { header, data in
      for (name, value) in header {
        guard var info = value as? [String: Any], let offsets = info["data_offsets"] as? [Int] else { continue }
        info["data_offsets"] = offsets.map { $0 + 2 }
        header[name] = info
      }
      header["first"] = ["dtype": "F16", "shape": [1], "data_offsets": [0, 2]]
      data = Data(count: 2) + data
    }
    #expect(try bits(encoder) == bits(load { _, _ in }))
  }

  @Test func aMappedTableIsNotChecked() throws {
    let encoder = try load(settings: Self.mapped) { header, data in
      // The first token of every text.
      let start = try tensor(header, "embeddings.word_embeddings.weight").start + 2 * 24 * 4
      withUnsafeBytes(of: Float.nan) { data.replaceSubrange(start..<start + 4, with: $0) }
    }
    #expect(try encoder.encode(["a"])[0].contains(where: \.isNaN))
  }
}
