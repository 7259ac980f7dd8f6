// SPDX-License-Identifier: Apache-2.0

extension DatasetReader {
  /// The names in a table's header of the columns to read. Other columns are ignored.
  public struct ColumnNames: Equatable, Sendable {
    /// The column of labeled texts.
    public var text = "text"
    /// The column of labels: of a text any word; of a pair 1 for similar texts, else 0.
    public var label = "label"
    /// The column of anchors of triplets.
    public var anchor = "anchor"
    /// The column of positives: texts with the meaning of the anchor.
    public var positive = "positive"
    /// The column of negatives: texts with another meaning than the anchor. More negatives are in columns of this name
    /// with an underscore and a number, for example `negative_2`.
    public var negative = "negative"
    /// The column of first texts of pairs.
    public var sentence1 = "sentence1"
    /// The column of second texts of pairs.
    public var sentence2 = "sentence2"
    /// The column of similarity scores of pairs, numbers.
    public var score = "score"

    /// The default names.
    public init() {}

    /// Whether a column of this name holds negatives.
    func isNegative(_ name: String) -> Bool {
      let prefix = negative.utf8, name = name.utf8
      guard name.starts(with: prefix) else { return false }
      let suffix = name.dropFirst(prefix.count)
      return suffix.isEmpty
        || suffix.first == UInt8(ascii: "_") && suffix.count > 1
          && suffix.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
  }
}
