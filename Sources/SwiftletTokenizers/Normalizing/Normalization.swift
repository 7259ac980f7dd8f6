// SPDX-License-Identifier: Apache-2.0

/// The steps of BERT's normalizer, in their order (`tokenizers`, normalizers/bert).
public struct Normalization: Sendable, Equatable {
  /// Whether to drop NUL, U+FFFD, controls, formats and private use; and to turn any white space into a space.
  public var cleansText: Bool
  /// Whether each CJK ideograph is a word.
  public var isolatesIdeographs: Bool
  /// Whether to decompose (NFD) and drop nonspacing marks: é becomes e.
  public var stripsAccents: Bool
  /// Whether to lowercase, scalar by scalar and independent of language.
  public var lowercases: Bool

  /// BERT's normalization. By default accents are stripped if text is lowercased.
  public init(
    lowercases: Bool = true, stripsAccents: Bool? = nil, isolatesIdeographs: Bool = true,
    cleansText: Bool = true
  ) {
    self.cleansText = cleansText
    self.isolatesIdeographs = isolatesIdeographs
    self.stripsAccents = stripsAccents ?? lowercases
    self.lowercases = lowercases
  }
}
