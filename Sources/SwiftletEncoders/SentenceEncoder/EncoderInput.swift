// SPDX-License-Identifier: Apache-2.0

/// What an encoder gives a row of numbers for: a text, or the pair of texts that a cross-encoder reads.
package struct EncoderInput: Sendable, Equatable {
  /// The text, or the first one of the pair.
  package let text: String
  /// The second text; nil for a single text.
  package let pair: String?

  package init(_ text: String, pair: String? = nil) {
    self.text = text
    self.pair = pair
  }
}
