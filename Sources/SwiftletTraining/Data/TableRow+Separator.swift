// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension TableRow {
  /// An error that names the separator, if fields seem to be separated by another character than the reader's: a single
  /// field has a usual separator, or the row split at it has the names of columns. nil if there is no sign of that.
  ///
  /// - Parameter isHeader: whether these are names of all columns of some data set.
  func separatorError(isHeader: ([String]) -> Bool) -> DatasetError? {
    guard case .fields(let fields, let separator) = content else { return nil }
    let line = fields.joined(separator: String(separator.scalar))
    let others = FieldSeparator.usual.filter { $0 != separator && $0.isIn(line) }
    let other = others.first { isHeader($0.split(line).map(unquoted)) } ?? (fields.count == 1 ? others.first : nil)
    return other.map { error(.otherSeparator($0, expected: separator)) }
  }

  /// The separator that the first line of a table names, for example `sep=;`; nil for any other line.
  var namedSeparator: FieldSeparator? {
    guard line == 1, case .fields(let fields, let separator) = content else { return nil }
    let line = fields.joined(separator: String(separator.scalar))
    return ([separator] + FieldSeparator.usual).first {
      sameBytes(line, "sep=\($0.scalar)") || sameBytes(line, "SEP=\($0.scalar)")
    }
  }
}

/// A name without the quotation marks around it.
private func unquoted(_ name: String) -> String {
  let isQuoted = name.utf8.count >= 2 && name.utf8.first == UInt8(ascii: "\"") && name.utf8.last == UInt8(ascii: "\"")
  return isQuoted ? String(Substring(name.utf8.dropFirst().dropLast())) : name
}
