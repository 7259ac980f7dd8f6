// SPDX-License-Identifier: Apache-2.0

extension DatasetReader {
  /// The file format of a table.
  public enum Format: String, CaseIterable, Sendable {
    /// Fields separated by commas (RFC 4180).
    case csv
    /// Fields separated by tabs. Quotation marks have no meaning.
    case tsv
    /// One JSON object on each line, with a member for each field.
    case jsonl

    /// The format of a file by its extension, in lower or upper case: `.csv`; `.tsv`, `.tab`; `.jsonl`, `.ndjson`. Nil
    /// for any other.
    public init?(fileName: String) {
      switch Format.ending(of: fileName).lowercased() {
      case ".csv": self = .csv
      case ".tsv", ".tab": self = .tsv
      case ".jsonl", ".ndjson": self = .jsonl
      default: return nil
      }
    }

    /// The extension of a file's name with its dot; empty if there is none.
    static func ending(of path: String) -> String {
      let name = path.utf8.suffix(from: path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)
      return name.lastIndex(of: UInt8(ascii: ".")).flatMap { String(name[$0...]) } ?? ""
    }
  }
}
