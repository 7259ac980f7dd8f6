// SPDX-License-Identifier: Apache-2.0

/// An embedding table in the number format of its file. Rows are converted when they are read.
package struct StoredTable: Sendable {
  package let rows: Int
  package let columns: Int
  package let numbers: StoredNumbers

  /// How the numbers are stored.
  package var format: NumberFormat { numbers.format }

  /// - Parameter fill: writes all rows, as `format` says, into the bytes it is given.
  package init<Failure: Error>(
    rows: Int, columns: Int, format: NumberFormat, filledBy fill: (inout MutableRawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    self.rows = rows
    self.columns = columns
    numbers = try StoredNumbers(count: rows * columns, format: format, filledBy: fill)
  }

  /// A table of so many rows of these numbers.
  package init(_ numbers: StoredNumbers, rows: Int) {
    precondition(rows > 0 && numbers.count.isMultiple(of: rows), "\(numbers.count) numbers in \(rows) rows")
    self.rows = rows
    columns = numbers.count / rows
    self.numbers = numbers
  }

  /// A table of float32 numbers, which it shares.
  package init(float32 table: MatrixView) {
    precondition(table.isContiguous, "the rows are not contiguous")
    rows = table.rows
    columns = table.columns
    numbers = StoredNumbers(VectorView(table.buffer, table.offset..<table.offset + rows * columns))
  }
}
