// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A model folder whose safetensors files are missing or do not fit together.
package struct ModelTensorsError: SwiftletError, Equatable {
  /// What is wrong with the folder.
  package enum Problem: Equatable, Sendable {
    /// The folder has neither `model.safetensors` nor an index.
    case noWeights(found: ForeignWeights?)
    /// The index has no object `weight_map` with a file name for each tensor.
    case invalidIndex(problem: String)
    /// The name of a shard leads out of the folder.
    case unsafeShardName(String)
    /// A shard of the index is not in the folder.
    case shardMissing(String, tensor: String)
    /// A tensor is not in the shard that the index names.
    case tensorNotInShard(String, shard: String)
    /// Two shards have a tensor of the same name.
    case tensorInTwoShards(String, first: String, second: String)
  }

  package let path: String?
  /// What is wrong with the folder or its index.
  package let problem: Problem

  package var reason: String { explanation.reason }
  package var remedy: String { explanation.remedy }

  private var explanation: (reason: String, remedy: String) {
    switch problem {
    case .noWeights(nil): ("no model.safetensors here", "give the folder of a model")
    case .noWeights(let found?): ("no model.safetensors here, only \(found.description)", found.remedy)
    case .invalidIndex(let problem): (problem, "download the index again")
    case .unsafeShardName(let name): ("the shard name \(quoted(name)) is not the name of a file in this folder", "")
    case .shardMissing(let shard, let tensor):
      ("the shard \(quoted(shard)) with tensor \(quoted(tensor)) is missing", "download it too")
    case .tensorNotInShard(let tensor, let shard):
      ("tensor \(quoted(tensor)) is not in \(quoted(shard)), where the index has it", "download both again")
    case .tensorInTwoShards(let tensor, let first, let second):
      ("tensor \(quoted(tensor)) is in \(quoted(first)) and in \(quoted(second))", "remove one")
    }
  }
}
