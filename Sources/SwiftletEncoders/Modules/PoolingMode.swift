// SPDX-License-Identifier: Apache-2.0

/// How the vectors of a text's tokens become one vector. The raw values are the names of the command line.
///
/// The order of the cases is the order in which sentence-transformers concatenates modes that a folder gives by keys of
/// their own.
public enum PoolingMode: String, CaseIterable, Sendable {
  /// The vector of the first token, [CLS].
  case cls
  /// In each dimension the largest value.
  case max
  /// The sum over the tokens, divided by their number.
  case mean
  /// The sum over the tokens, divided by the square root of their number.
  case meanSqrtLength = "mean-sqrt-len"
  /// The mean with weights 1, 2, 3, … along the text.
  case weightedMean = "weighted-mean"
  /// The vector of the last token, [SEP].
  case lastToken = "last-token"

  /// The mode's name in sentence-transformers' pooling configuration.
  package var sentenceTransformersName: String {
    switch self {
    case .cls: "cls"
    case .max: "max"
    case .mean: "mean"
    case .meanSqrtLength: "mean_sqrt_len_tokens"
    case .weightedMean: "weightedmean"
    case .lastToken: "lasttoken"
    }
  }
}
