// SPDX-License-Identifier: Apache-2.0

/// A matrix in a buffer, with strides between rows and columns. The view keeps the buffer alive.
///
/// Element (i, j) is the buffer's number `offset + i * rowStride + j * columnStride`. All elements lie
/// inside the buffer, which is checked in O(1) when the view is made. A writer makes sure that no other thread uses the
/// same numbers at the same time.
///
/// In this module parts are made inline: a part that is only passed on then does not count as an owner of the buffer,
/// which threads share. Elsewhere a call makes an owner.
package struct MatrixView: Sendable {
  package let buffer: TensorBuffer
  package let offset: Int
  package let rows: Int
  package let columns: Int
  package let rowStride: Int
  package let columnStride: Int

  /// - Parameter rowStride: from one row to the next; nil: the number of columns.
  package init(
    _ buffer: TensorBuffer, offset: Int = 0, rows: Int, columns: Int, rowStride: Int? = nil, columnStride: Int = 1
  ) {
    let rowStride = rowStride ?? columns
    precondition(
      offset >= 0 && rows >= 0 && columns >= 0 && rowStride >= 0 && columnStride >= 0, "a view of negative extent")
    let end = rows > 0 && columns > 0 ? offset + (rows - 1) * rowStride + (columns - 1) * columnStride + 1 : offset
    precondition(
      end <= buffer.count,
      "\(rows) x \(columns) numbers from \(offset) on end at \(end), in a buffer of \(buffer.count)")
    self.init(
      insideOf: buffer, offset: offset, rows: rows, columns: columns, rowStride: rowStride, columnStride: columnStride)
  }

  /// A view that is known to lie inside the buffer.
  @inlinable @inline(__always)
  init(insideOf buffer: TensorBuffer, offset: Int, rows: Int, columns: Int, rowStride: Int, columnStride: Int) {
    self.buffer = buffer
    self.offset = offset
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// Whether the numbers follow each other, row after row.
  @inlinable
  package var isContiguous: Bool { (columnStride == 1 || columns <= 1) && (rowStride == columns || rows <= 1) }

  /// Where the numbers are: valid as long as the buffer is there.
  var pointer: UnsafeMutablePointer<Float> { unsafe buffer.base + offset }
}

// MARK: Parts

extension MatrixView {
  /// Some rows.
  @inlinable @inline(__always)
  package func rows(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return MatrixView(
      insideOf: buffer, offset: range.isEmpty ? offset : offset + range.lowerBound * rowStride, rows: range.count,
      columns: columns, rowStride: rowStride, columnStride: columnStride)
  }

  /// Some columns.
  @inlinable @inline(__always)
  package func columns(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    return MatrixView(
      insideOf: buffer, offset: range.isEmpty ? offset : offset + range.lowerBound * columnStride, rows: rows,
      columns: range.count, rowStride: rowStride, columnStride: columnStride)
  }

  /// Rows and columns exchanged.
  @inlinable @inline(__always)
  package var transposed: MatrixView {
    MatrixView(
      insideOf: buffer, offset: offset, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
  }

  /// One row, whose numbers are consecutive.
  @inlinable @inline(__always)
  package func row(_ index: Int) -> VectorView {
    precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
    precondition(columnStride == 1, "the numbers of a row are not consecutive")
    let start = offset + index * rowStride
    return VectorView(buffer, start..<start + columns)
  }

  /// All numbers of rows that follow each other, one after the other.
  @inlinable @inline(__always)
  package var vector: VectorView {
    precondition(isContiguous, "the rows are not contiguous")
    return VectorView(buffer, offset..<offset + rows * columns)
  }

  /// One element.
  package subscript(row: Int, column: Int) -> Float {
    get { unsafe pointer[place(row, column)] }
    nonmutating set { unsafe pointer[place(row, column)] = newValue }
  }

  private func place(_ row: Int, _ column: Int) -> Int {
    precondition(
      row >= 0 && row < rows && column >= 0 && column < columns, "element (\(row), \(column)) of \(rows) x \(columns)")
    return row * rowStride + column * columnStride
  }

  /// Copies the rows of another matrix of the same shape; the numbers of each row are consecutive in both.
  package func copy(from other: MatrixView) {
    precondition(
      other.rows == rows && other.columns == columns, "\(other.rows) x \(other.columns) into \(rows) x \(columns)")
    precondition(columnStride == 1 && other.columnStride == 1, "the numbers of a row are not consecutive")
    for row in 0..<rows {
      unsafe (pointer + row * rowStride).update(from: other.pointer + row * other.rowStride, count: columns)
    }
  }
}
