// SPDX-License-Identifier: Apache-2.0

extension DatasetReader {
  /// What a table's header calls the columns that data is read from; other columns are left alone.
  public struct ColumnNames: Equatable, Sendable {
    /// A labeled text.
    public var text = "text"
    /// The label of a text, or of a pair 1 for alike and 0 for not.
    public var label = "label"
    /// A text that is nearer to its positive than to its negatives.
    public var anchor = "anchor"
    /// A text of the same meaning as the anchor.
    public var positive = "positive"
    /// A text of another meaning. More of them lie in columns of this name with an underscore and a number, as
    /// `negative_2`.
    public var negative = "negative"
    /// The first text of a pair.
    public var sentence1 = "sentence1"
    /// The second text of a pair.
    public var sentence2 = "sentence2"
    /// How alike the two texts of a pair are, a number.
    public var score = "score"

    /// The names above.
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
