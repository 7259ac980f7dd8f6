// SPDX-License-Identifier: Apache-2.0

/// A setting that the model cannot follow.
public enum EncoderSettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A maximum length without room for the special tokens, or above the model's positions.
  case maxLength(Int, allowed: ClosedRange<Int>)
  /// A number of dimensions to keep that is not among the vector's.
  case truncateDimension(Int, dimension: Int)
  /// An empty list of pooling modes.
  case noPooling
  /// A second text, but the model has one token type only.
  case noPairs
  /// Something that a transformer has, asked of a word average.
  case noTransformer(for: String)
  /// A number of threads that no machine has.
  case threadCount(Int, allowed: ClosedRange<Int>)
  /// A prompt of this name is not in the model's folder.
  case unknownPrompt(String, known: [String])

  /// One line: what is wrong and what to do.
  public var description: String {
    switch self {
    case .maxLength(let length, let allowed):
      "maximum length \(length): this model takes \(allowed.lowerBound) to \(allowed.upperBound) tokens"
    case .truncateDimension(let kept, let dimension):
      "\(kept) dimensions to keep: this model's vectors have \(dimension); give 1 to \(dimension)"
    case .threadCount(let count, let allowed):
      "\(count) threads: give \(allowed.lowerBound) to \(allowed.upperBound)"
    case .noPooling: "no pooling mode: give at least one"
    case .noPairs: "a pair of texts: this model has one token type only; give single texts"
    case .noTransformer(let wish):
      "\(wish): this model averages words and has none; leave it out, or give a model with a transformer"
    case .unknownPrompt(let name, let known):
      "prompt \(name.debugDescription): this model has "
        + (known.isEmpty ? "no prompts" : known.map(\.debugDescription).joined(separator: ", "))
    }
  }
}
