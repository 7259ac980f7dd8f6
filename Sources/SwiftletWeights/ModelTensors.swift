// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The tensors of a model folder: `model.safetensors`, or the shards of `model.safetensors.index.json`.
///
/// Opening it reads and validates the headers; ``TensorInfo/read(into:)`` reads the numbers. Several threads may use it at
/// once.
public struct ModelTensors: Sendable {
  /// The tensors: shards in the order of their names, tensors in the order of the file.
  public let tensors: [TensorInfo]
  private let positions: [UTF8Key: Int]

  private static let maximumIndexByteCount = 64 << 20
  /// Limits all JSON values of the index, so it may name slightly fewer tensors than one file may have.
  private static let maximumIndexValueCount = 65_536

  /// Opens the files of a folder.
  ///
  /// - Throws: ``SwiftletError`` that names the file.
  public init(folder: String) throws {
    let single = joinPath(folder, "model.safetensors")
    let index = joinPath(folder, "model.safetensors.index.json")
    if exists(single) || !exists(folder) {
      tensors = try SafetensorsFile(path: single).tensors
    } else if exists(index) {
      tensors = try ModelTensors.tensors(ofIndex: index, in: folder)
    } else {
      throw ModelTensorsError(path: folder, problem: .noWeights(found: ForeignWeights(folder: folder)))
    }
    positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { (UTF8Key($1.name), $0) })
  }

  /// The tensor of this name, compared byte by byte; nil if there is none.
  public subscript(name: String) -> TensorInfo? { positions[UTF8Key(name)].map { tensors[$0] } }

  // MARK: Shards

  /// The tensors of all shards. Checks that each tensor of the index is in its shard and none is in two.
  private static func tensors(ofIndex index: String, in folder: String) throws -> [TensorInfo] {
    func invalid(_ problem: ModelTensorsError.Problem) -> ModelTensorsError {
      ModelTensorsError(path: index, problem: problem)
    }
    let json = try JSONParser.parse(
      path: index, limit: maximumIndexByteCount, maximumValueCount: maximumIndexValueCount)
    guard let map = json.object?["weight_map"]?.object else {
      throw invalid(.invalidIndex(problem: "has no object \"weight_map\""))
    }
    // A tensor of each shard, for the message if the shard is missing.
    var firstTensors: [UTF8Key: String] = [:]
    for (tensor, value) in map.members.map({ ($0.key, $0.value) }) {
      guard let shard = value.string else {
        let text = "the shard of tensor \(quoted(tensor)) must be a string, not \(value.kind)"
        throw invalid(.invalidIndex(problem: text))
      }
      guard isFileName(shard) else { throw invalid(.unsafeShardName(shard)) }
      if firstTensors[UTF8Key(shard)] == nil { firstTensors[UTF8Key(shard)] = tensor }
    }

    var tensors: [TensorInfo] = []
    var holders: [UTF8Key: UTF8Key] = [:]
    for (shard, firstTensor) in firstTensors.sorted(by: { $0.key < $1.key }) {
      let path = joinPath(folder, shard.string)
      guard exists(path) else { throw invalid(.shardMissing(shard.string, tensor: firstTensor)) }
      for tensor in try SafetensorsFile(path: path).tensors {
        if let first = holders.updateValue(shard, forKey: UTF8Key(tensor.name)) {
          throw invalid(.tensorInTwoShards(tensor.name, first: first.string, second: shard.string))
        }
        tensors.append(tensor)
      }
    }
    for member in map.members {
      let shard = member.value.string ?? ""
      guard holders[UTF8Key(member.key)] == UTF8Key(shard) else {
        throw invalid(.tensorNotInShard(member.key, shard: shard))
      }
    }
    return tensors
  }

  private static func isFileName(_ name: String) -> Bool {
    let forbidden: [UInt8] = [0, UInt8(ascii: "/"), UInt8(ascii: "\\")]
    return !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { forbidden.contains($0) }
  }
}
