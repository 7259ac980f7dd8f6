// SPDX-License-Identifier: Apache-2.0

/// How a text's token vectors are combined into one vector. The raw values are the words of the command line.
///
/// The cases are in the order in which sentence-transformers concatenates several modes.
public enum PoolingMode: String, CaseIterable, Sendable {
  /// The vector of the first token, [CLS].
  case cls
  /// The largest value in each dimension.
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
