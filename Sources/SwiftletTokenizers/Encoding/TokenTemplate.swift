// SPDX-License-Identifier: Apache-2.0

/// The special tokens around a text or a pair of texts, and the type ids of all tokens.
///
/// This is what a post-processor of the reference adds (`tokenizers`, processors/template).
struct TokenTemplate: Sendable {
  /// A part of the result.
  enum Part: Sendable, Equatable {
    /// Special tokens of one type.
    case special(ids: [Int32], typeID: Int32)
    /// The tokens of the first text, or of the second.
    case text(isSecond: Bool, typeID: Int32)
  }

  /// The parts for one text: exactly one of them is the text.
  let single: [Part]
  /// The parts for a pair: each text exactly once.
  let pair: [Part]
  /// The special tokens before a single text.
  let prefix: [Int32]
  /// The special tokens after a single text.
  let suffix: [Int32]
  /// What is done to the places of the texts' tokens; nil if nothing.
  var trimming: OffsetTrimming?
  // Counted once, since every text asks for them.
  private let specialCounts: (single: Int, pair: Int)
  private let largestTypeIDs: (single: Int32, pair: Int32)

  /// Creates a template; nil if a text is missing or occurs twice.
  init?(single: [Part], pair: [Part]) {
    func places(_ isSecond: Bool, in parts: [Part]) -> [Int] {
      parts.indices.filter { if case .text(isSecond, _) = parts[$0] { true } else { false } }
    }
    let first = places(false, in: single)
    guard first.count == 1, places(true, in: single).isEmpty, places(false, in: pair).count == 1,
      places(true, in: pair).count == 1
    else { return nil }
    self.single = single
    self.pair = pair
    prefix = single[..<first[0]].flatMap(\.specialIDs)
    suffix = single[first[0]...].flatMap(\.specialIDs)
    func specialCount(_ parts: [Part]) -> Int { parts.reduce(0) { $0 + $1.specialIDs.count } }
    specialCounts = (specialCount(single), specialCount(pair))
    largestTypeIDs = (single.map(\.typeID).max() ?? 0, pair.map(\.typeID).max() ?? 0)
  }

  /// The number of special tokens.
  func specialCount(isPair: Bool) -> Int { isPair ? specialCounts.pair : specialCounts.single }

  /// The type ids of a single text of `count` tokens and of its special tokens.
  func typeIDs(count: Int) -> [Int32] {
    single.flatMap { part in
      switch part {
      case .special(let ids, let typeID): ids.map { _ in typeID }
      case .text(_, let typeID): Array(repeating: typeID, count: count)
      }
    }
  }

  /// The largest type id of a single text, or of a pair.
  func largestTypeID(isPair: Bool) -> Int32 { isPair ? largestTypeIDs.pair : largestTypeIDs.single }

  // MARK: Templates of the reference's classes

  /// BERT's: [CLS] A [SEP], and [CLS] A [SEP] B [SEP] with type 1 from B on.
  static func bert(classifier: Int32, separator: Int32) -> TokenTemplate? {
    let start = Part.special(ids: [classifier], typeID: 0), end = Part.special(ids: [separator], typeID: 0)
    let first: [Part] = [start, .text(isSecond: false, typeID: 0), end]
    return TokenTemplate(
      single: first, pair: first + [.text(isSecond: true, typeID: 1), .special(ids: [separator], typeID: 1)])
  }

  /// RoBERTa's: <s> A </s>, and <s> A </s></s> B </s>, all of type 0.
  static func roberta(classifier: Int32, separator: Int32) -> TokenTemplate? {
    let start = Part.special(ids: [classifier], typeID: 0), end = Part.special(ids: [separator], typeID: 0)
    let first: [Part] = [start, .text(isSecond: false, typeID: 0), end]
    return TokenTemplate(single: first, pair: first + [end, .text(isSecond: true, typeID: 0), end])
  }

  /// No special tokens; the second text of a pair has type 1.
  static var textsAlone: TokenTemplate? {
    let first = Part.text(isSecond: false, typeID: 0)
    return TokenTemplate(single: [first], pair: [first, .text(isSecond: true, typeID: 1)])
  }
}

extension TokenTemplate.Part {
  fileprivate var specialIDs: [Int32] {
    if case .special(let ids, _) = self { ids } else { [] }
  }

  fileprivate var typeID: Int32 {
    switch self {
    case .special(_, let typeID), .text(_, let typeID): typeID
    }
  }
}
