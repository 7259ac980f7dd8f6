// SPDX-License-Identifier: Apache-2.0

extension DatasetReader {
  /// How the rows of a table are written in its file.
  public enum Format: String, CaseIterable, Sendable {
    /// Fields with commas between them (RFC 4180).
    case csv
    /// Fields with tabs between them; quotation marks mean nothing.
    case tsv
    /// A JSON object a line, a field a member.
    case jsonl

    /// The format that the end of a file's name tells, in small letters or capitals: `.csv`; `.tsv`, `.tab`; `.jsonl`,
    /// `.ndjson`. Nil for any other.
    public init?(fileName: String) {
      switch Format.ending(of: fileName).lowercased() {
      case ".csv": self = .csv
      case ".tsv", ".tab": self = .tsv
      case ".jsonl", ".ndjson": self = .jsonl
      default: return nil
      }
    }

    /// The last dot of a file's name and what follows; empty if there is none.
    static func ending(of path: String) -> String {
      let name = path.utf8.suffix(from: path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)
      return name.lastIndex(of: UInt8(ascii: ".")).flatMap { String(name[$0...]) } ?? ""
    }
  }
}
