// SPDX-License-Identifier: Apache-2.0

/// Which steps BERT's normalizer takes, in the order it takes them (`tokenizers`, normalizers/bert).
public struct Normalization: Sendable, Equatable {
  /// Drops NUL, U+FFFD, controls, formats and private use; any white space becomes a space.
  public var cleansText: Bool
  /// Makes each CJK ideograph a word.
  public var isolatesIdeographs: Bool
  /// Decomposes (NFD) and drops nonspacing marks: é becomes e.
  public var stripsAccents: Bool
  /// Lowercases each scalar by itself, in no particular language.
  public var lowercases: Bool

  /// BERT's normalisation; accents are stripped where text is lowercased unless said otherwise.
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
