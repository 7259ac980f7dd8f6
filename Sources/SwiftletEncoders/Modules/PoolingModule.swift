// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles

/// Combines a text's token vectors into one vector, as sentence-transformers' Pooling does. The vectors of several
/// modes are concatenated.
///
/// Its `config.json` has two spellings. The older one, of sentence-transformers up to 5, has a key for each mode
/// (`pooling_mode_mean_tokens: true`): each mode occurs at most once, in the order of ``PoolingMode``. The newer one
/// has a mode or a list of modes (`pooling_mode: ["mean", "cls"]`). The dimension in the file has no effect.
package struct PoolingModule: EncoderModule {
  package static let typeName = "Pooling"
  package static let poolsTokens = true

  /// The modes whose vectors are concatenated, in this order.
  package var modes: [PoolingMode]

  /// Whether pooling includes the tokens of a prompt.
  package let includesPrompt: Bool

  /// The length of a token's vector.
  private let inputs: Int

  /// More modes in a file are refused: each makes a text's vector longer.
  private static let maximumModeCount = 1 << 8

  package init(modes: [PoolingMode], includesPrompt: Bool = true, inputs: Int) {
    self.modes = modes
    self.includesPrompt = includesPrompt
    self.inputs = inputs
  }

  package init(folder: String, place: Int, inputs: Int, scope: ParameterScope) throws {
    var config = try ConfigurationReader(path: joinPath(folder, "config.json"))
    modes = PoolingModule.modes(&config)
    includesPrompt = config.bool("include_prompt", default: true)
    self.inputs = inputs
    try config.finish()
  }

  /// Writes the older spelling, which every version of sentence-transformers reads, unless only the newer one can
  /// express the modes.
  package func write(to folder: String) throws {
    var object: JSONObject = [:]
    if modes == PoolingMode.allCases.filter(modes.contains) {
      object["word_embedding_dimension"] = .number(JSONNumber(inputs))
      for mode in PoolingMode.allCases { object[mode.olderKey] = .bool(modes.contains(mode)) }
    } else {
      object["embedding_dimension"] = .number(JSONNumber(inputs))
      object["pooling_mode"] = .array(modes.map { .string($0.sentenceTransformersName) })
    }
    object["include_prompt"] = .bool(includesPrompt)
    try JSONValue.object(object).write(to: joinPath(folder, "config.json"))
  }

  package var tokenRows: TokenRows {
    // If the prompt is left out, the first pooled token is not the first token.
    if includesPrompt, modes.allSatisfy({ $0 == .cls }) { return .first }
    return modes.allSatisfy { $0 == .lastToken } ? .last : .all
  }

  package func dimension(of inputs: Int) -> Int { inputs * modes.count }

  package func callAsFunction(_ features: Features, in context: Context) -> Features {
    let vectors = context.pooled(
      features.vectors, over: features.rows, skipping: features.skippedTokens, modes.map(\.reduction))
    return Features(vectors: vectors, rows: features.rows.indices.map { $0..<$0 + 1 })
  }

  private static func modes(_ config: inout ConfigurationReader) -> [PoolingMode] {
    switch config["pooling_mode"] {
    case .string(let name): return [mode(named: name, &config)]
    case .array(let names) where names.count > maximumModeCount:
      config.report(
        .outOfRange(key: "pooling_mode", value: "a list of \(names.count) modes", range: "1 to \(maximumModeCount)"))
      return [.mean]
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

extension PoolingMode {
  /// The mode's key in the older spelling.
  fileprivate var olderKey: String {
    switch self {
    case .cls: "pooling_mode_cls_token"
    case .max: "pooling_mode_max_tokens"
    case .mean: "pooling_mode_mean_tokens"
    case .meanSqrtLength: "pooling_mode_mean_sqrt_len_tokens"
    case .weightedMean: "pooling_mode_weightedmean_tokens"
    case .lastToken: "pooling_mode_lasttoken"
    }
  }

  /// The pooling operation of the mode.
  fileprivate var reduction: Reduction {
    switch self {
    case .cls: .first
    case .max: .max
    case .mean: .mean
    case .meanSqrtLength: .meanSqrtLength
    case .weightedMean: .weightedMean
    case .lastToken: .last
    }
  }
}
