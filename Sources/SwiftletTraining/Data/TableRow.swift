// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A row of a table and its place in the file.
struct TableRow {
  enum Content {
    case fields([String])
    case object(JSONObject)
  }

  let path: String
  /// The line in which the row starts.
  let line: Int
  let content: Content

  func error(_ kind: DatasetError.Reason, column: String? = nil) -> DatasetError {
    DatasetError(path: path, line: line, column: column, kind: kind)
  }
}
