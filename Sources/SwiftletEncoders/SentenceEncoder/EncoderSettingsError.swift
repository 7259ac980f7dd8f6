// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Thrown for a setting that the model does not support.
package enum EncoderSettingsError: SwiftletError, Equatable {
  /// The maximum length has no room for the special tokens, or exceeds the model's positions.
  case maxLength(Int, allowed: ClosedRange<Int>)
  /// The model has too few positions for the special tokens around a pair.
  case noRoom(Int, positions: Int)
  /// Scores of one label were asked for, but the model has several.
  case severalLabels([String])
  /// Vectors cannot be cut to this many dimensions.
  case truncateDimension(Int, dimension: Int)
  /// The list of pooling modes is empty.
  case noPooling
  /// Pooled vectors do not have the length that a module after the pooling takes.
  case poolingDimension(Int, module: String, inputs: Int)
  /// A second text was given, but the model has only one token type.
  case noPairs
  /// A model of static embeddings was asked for something that only a transformer has.
  case noTransformer(for: String)
  /// The number of threads is out of range.
  case threadCount(Int, allowed: ClosedRange<Int>)
  /// The digest of a model that was trained and not loaded from a folder.
  case notOfAFolder
  /// The model's folder has no prompt of this name.
  case unknownPrompt(String, known: [String])

  package var path: String? { nil }
  package var reason: String { parts.reason }
  package var remedy: String { parts.remedy }

  private var parts: (reason: String, remedy: String) {
    switch self {
    case .maxLength(let length, let allowed):
      let limits = "\(allowed.lowerBound) to \(allowed.upperBound)"
      return ("maximum length \(length): this model takes \(limits) tokens", "give a number in this range")
    case .noRoom(let least, let positions):
      return ("\(least) special tokens around a pair: this model takes \(positions) tokens", "give another model")
    case .severalLabels(let labels):
      let names = labels.prefix(5).map { quoted($0) }.joined(separator: ", ")
      return (
        "ranking needs one score: this model has \(labels.count) labels, \(names)\(labels.count > 5 ? " …" : "")",
        "use the scores of pairs, or give a model with one label"
      )
    case .truncateDimension(let kept, let dimension):
      return ("\(kept) dimensions to keep: this model's vectors have \(dimension)", "give 1 to \(dimension)")
    case .threadCount(let count, let allowed):
      return ("\(count) threads are not possible", "give \(allowed.lowerBound) to \(allowed.upperBound)")
    case .noPooling: return ("no pooling mode", "give at least one")
    case .poolingDimension(let dimension, let module, let inputs):
      return (
        "these pooling modes give vectors of \(dimension) elements, but this model's \(module) takes \(inputs)",
        "leave them out, or give as many modes as the model has"
      )
    case .noPairs: return ("a pair of texts: this model has one token type only", "give single texts")
    case .noTransformer(let wish):
      return (
        "\(wish): this model averages words and has none", "leave it out, or give a model with a transformer"
      )
    case .notOfAFolder: return ("the digest of a model that was trained since", "save it and load it from its folder")
    case .unknownPrompt(let name, let known):
      let names = known.map { quoted($0) }.joined(separator: ", ")
      return (
        "prompt \(quoted(name)): this model has \(known.isEmpty ? "no prompts" : names)",
        known.isEmpty ? "give none" : "give one of these"
      )
    }
  }
}
