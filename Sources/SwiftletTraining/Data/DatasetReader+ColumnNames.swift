// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension DatasetReader {
  /// The names in a table's header of the columns to read. Other columns are ignored.
  ///
  /// Some columns have other usual names, which are read as well unless you give the column a name of your own. Without
  /// a header, columns can be named by their numbers, counted from 1: `anchor = "2"`.
  public struct ColumnNames: Equatable, Sendable {
    /// The column of labeled texts.
    public var text = "text"
    /// The column of labels: of a text any word; of a pair 1 for similar texts, else 0.
    public var label = "label"
    /// The column of anchors. Also `query` and `question`.
    public var anchor = "anchor"
    /// The column of positives: texts with the meaning of the anchor. Also `pos`, `document`, `passage` and `answer`.
    ///
    /// In JSON Lines the value can be a list of texts, which gives a row for each.
    public var positive = "positive"
    /// The column of negatives: texts with another meaning than the anchor. Also `neg`. More negatives are in columns of
    /// this name with an underscore and a number, for example `negative_2`.
    ///
    /// In JSON Lines the value can be a list of texts, and each object can have another number of negatives.
    public var negative = "negative"
    /// The column of first texts of pairs. Pairs can be in the columns of anchors and positives as well.
    public var sentence1 = "sentence1"
    /// The column of second texts of pairs.
    public var sentence2 = "sentence2"
    /// The column of similarity scores of pairs, numbers.
    public var score = "score"

    /// The default names.
    public init() {}
  }
}

extension DatasetReader.ColumnNames {
  private static let standard = Self()

  /// The names of a column: the given one, and other usual ones if that is the default.
  private func names(_ column: KeyPath<Self, String>, _ others: String...) -> [String] {
    let name = self[keyPath: column]
    return sameBytes(name, Self.standard[keyPath: column]) ? [name] + others : [name]
  }

  var anchors: [String] { names(\.anchor, "query", "question") }
  var positives: [String] { names(\.positive, "pos", "document", "passage", "answer") }
  var negatives: [String] { names(\.negative, "neg") }

  /// Whether a column of this name holds negatives.
  func isNegative(_ name: String) -> Bool {
    negatives.contains { negative in
      let prefix = negative.utf8, name = name.utf8
      guard name.starts(with: prefix) else { return false }
      let suffix = name.dropFirst(prefix.count)
      return suffix.isEmpty
        || suffix.first == UInt8(ascii: "_") && suffix.count > 1
          && suffix.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
  }

  /// Whether a column is named by its number in a table without a header.
  var haveNumbers: Bool {
    [text, label, anchor, positive, negative, sentence1, sentence2, score].contains { Int($0) != nil }
  }
}
