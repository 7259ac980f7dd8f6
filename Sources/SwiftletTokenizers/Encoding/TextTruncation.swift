// SPDX-License-Identifier: Apache-2.0

/// What is done with a text, or a pair of texts, that has more tokens than the maximum length.
public enum TextTruncation: Sendable {
  /// The last tokens are cut off.
  case atEnd
  /// The first tokens are cut off. The whole text is read to know which these are.
  case atStart
  /// An error says how many tokens there are.
  case refused
}
