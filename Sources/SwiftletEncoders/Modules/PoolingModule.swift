// SPDX-License-Identifier: Apache-2.0

internal import SwiftletFiles

/// 1_Pooling/config.json, in the spelling of sentence-transformers up to 5 (`pooling_mode_mean_tokens: true`)
/// or after (`pooling_mode: "mean"`, or a list).
struct PoolingConfiguration {
  let modes: [PoolingMode]
  let includesPrompt: Bool
  /// The vectors' dimension, where the file says it.
  let dimension: Int?

  init(folder: String) throws {
    var config = try ConfigurationReader(path: joinPath(folder, "config.json"))
    modes = PoolingConfiguration.modes(&config)
    includesPrompt = config.bool("include_prompt", default: true)
    dimension = ["embedding_dimension", "word_embedding_dimension"].first { config[$0] != nil }.map {
      config.integer($0, in: 1...1 << 20)
    }
    try config.finish()
  }

  private static func modes(_ config: inout ConfigurationReader) -> [PoolingMode] {
    switch config["pooling_mode"] {
    case .string(let name): return [mode(named: name, &config)]
    case .array(let names) where !names.isEmpty && names.allSatisfy { $0.string != nil }:
      return names.map { mode(named: $0.string ?? "", &config) }
    case let other?:
      config.report(
        .wrongType(key: "pooling_mode", wanted: "a mode or a list of modes", found: other.kind))
      return [.mean]
    case nil:
      let known = PoolingMode.allCases.map(\.olderKey)
      let wanted = config.object.members.filter {
        $0.key.hasPrefix("pooling_mode_") && $0.value != .bool(false)
      }
      for member in wanted where !known.contains(member.key) {
        config.report(.unsupported(key: "the mode", value: member.key, supported: known))
      }
      let modes = PoolingMode.allCases.filter { config.bool($0.olderKey, default: false) }
      return modes.isEmpty ? [.mean] : modes
    }
  }

  private static func mode(named name: String, _ config: inout ConfigurationReader) -> PoolingMode {
    if let mode = PoolingMode.allCases.first(where: { $0.sentenceTransformersName == name }) { return mode }
    let supported = PoolingMode.allCases.map(\.sentenceTransformersName)
    config.report(.unsupported(key: "pooling_mode", value: name, supported: supported))
    return .mean
  }
}
