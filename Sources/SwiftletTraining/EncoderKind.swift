// SPDX-License-Identifier: Apache-2.0

/// What a trainer trains. The raw values are the names of the command line, and `model_type` in config.json.
public enum EncoderKind: String, CaseIterable, Sendable {
  /// A transformer, whose token vectors are pooled.
  case bert
  /// The mean of word embeddings, then a linear map: a baseline without attention. Its folders are a format of this
  /// package's own.
  case wordAverage = "word-average"
}
