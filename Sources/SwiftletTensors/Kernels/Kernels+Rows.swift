// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels

/// Kernels along rows, and over rows.
extension Kernels {
  /// Each row of x, in place: exp(scale (x - max)) over their sum, for its first `count` numbers; the rest becomes 0.
  ///
  /// - Parameters:
  ///   - x: rows of `count` numbers, padded to whole vectors.
  ///   - scale: above 0.
  package func softmax(_ x: MatrixView, count: Int, scale: Float) {
    precondition(
      count >= 0 && x.columnStride == 1 && x.columns >= Kernels.padded(count),
      "rows of \(x.columns) for \(count) numbers")
    unsafe table.pointee.softmax(x.rows, count, scale, x.pointer, x.rowStride)
  }

  /// The gradient of softmax's input from that of its result y: scale y (gradient - sum of gradient y), in place of the
  /// gradient. The padding of y is 0, that of the gradient finite.
  package func softmaxGradient(_ y: MatrixView, scale: Float, gradient: MatrixView) {
    precondition(
      y.columnStride == 1 && gradient.columnStride == 1 && y.rowStride == gradient.rowStride
        && y.rows == gradient.rows && y.columns == gradient.columns && y.columns.isMultiple(of: 16),
      "a gradient of \(gradient.rows) x \(gradient.columns) for \(y.rows) x \(y.columns)")
    unsafe table.pointee.softmax_gradient(y.rows, y.columns, scale, y.pointer, gradient.pointer, y.rowStride)
  }

  /// out = gamma (z - mean(z)) / sqrt(variance(z) + epsilon) + beta along each row of z = x + residual; out may be x.
  package func layerNorm(
    _ x: MatrixView, residual: MatrixView?, gamma: VectorView, beta: VectorView, epsilon: Float, into out: MatrixView
  ) {
    checkRows(x, residual, out)
    precondition(
      gamma.count == x.columns && beta.count == x.columns,
      "\(gamma.count) scales and \(beta.count) shifts for \(x.columns) features")
    unsafe table.pointee.layer_norm(
      x.rows, x.columns, x.pointer, residual?.pointer, gamma.pointer, beta.pointer, epsilon, out.pointer)
  }

  /// The gradient of z from that of ``layerNorm(_:residual:gamma:beta:epsilon:into:)``'s result, to `out`, which may be
  /// `gradient`; and the normalized rows, (z - mean(z)) / sqrt(variance(z) + epsilon), to `normalized`.
  package func layerNormGradient(
    _ x: MatrixView, residual: MatrixView?, gamma: VectorView, epsilon: Float, gradient: MatrixView,
    normalized: MatrixView, into out: MatrixView
  ) {
    checkRows(x, residual, out)
    checkRows(x, gradient, normalized)
    precondition(gamma.count == x.columns, "\(gamma.count) scales for \(x.columns) features")
    unsafe table.pointee.layer_norm_gradient(
      x.rows, x.columns, x.pointer, residual?.pointer, gamma.pointer, epsilon, gradient.pointer, normalized.pointer,
      out.pointer)
  }

  private func checkRows(_ x: MatrixView, _ others: MatrixView?...) {
    precondition(x.isContiguous, "the rows are not contiguous")
    for case let other? in others {
      precondition(
        other.rows == x.rows && other.columns == x.columns && other.isContiguous,
        "\(other.rows) x \(other.columns) beside \(x.rows) x \(x.columns)")
    }
  }

  /// out[j] += sum over r, in order, of x[r][j], or of x[r][j] y[r][j] by fused multiply-adds if y is given.
  package func addRows(_ x: MatrixView, times y: MatrixView? = nil, to out: VectorView) {
    precondition(x.columnStride == 1 && out.count == x.columns, "rows of \(x.columns) to \(out.count) numbers")
    if let y {
      precondition(
        y.rows == x.rows && y.columns == x.columns && y.columnStride == 1 && y.rowStride == x.rowStride,
        "\(x.rows) x \(x.columns) times \(y.rows) x \(y.columns)")
    }
    unsafe table.pointee.add_rows(x.rows, x.columns, x.pointer, y?.pointer, x.rowStride, out.pointer)
  }

  /// out[j] = sum over r, in order, of weights[r] x[r][j] by fused multiply-adds from 0; without weights all are 1.
  package func sumRows(_ x: MatrixView, weights: VectorView? = nil, into out: VectorView) {
    precondition(x.columnStride == 1 && out.count == x.columns, "rows of \(x.columns) into \(out.count) numbers")
    precondition(weights?.count ?? x.rows == x.rows, "\(weights?.count ?? 0) weights for \(x.rows) rows")
    unsafe table.pointee.sum_rows(x.rows, x.columns, x.pointer, x.rowStride, weights?.pointer, out.pointer)
  }

  /// out[j] = max over r of x[r][j]; there is a row.
  package func maxRows(_ x: MatrixView, into out: VectorView) {
    precondition(x.columnStride == 1 && out.count == x.columns, "rows of \(x.columns) into \(out.count) numbers")
    precondition(x.rows > 0, "no row has a maximum")
    unsafe table.pointee.max_rows(x.rows, x.columns, x.pointer, x.rowStride, out.pointer)
  }

  /// Row r of out becomes, or grows by, row indices[r] of a table, each number, as float32, times `factor`, rounded
  /// once.
  package func gather(
    _ table: StoredTable, rows indices: Span<Int32>, factor: Double = 1, adding: Bool = false, into out: MatrixView
  ) {
    precondition(out.columns == table.columns, "rows of \(table.columns) into rows of \(out.columns)")
    check(indices, below: table.rows, count: out.rows)
    precondition(out.isContiguous, "the rows are not contiguous")
    unsafe indices.withUnsafeBufferPointer { indices in
      unsafe self.table.pointee.gather(
        indices.count, table.columns, table.numbers.pointer, table.format.kernel, indices.baseAddress, factor,
        adding ? 1 : 0, out.pointer)
    }
  }

  /// The same from a table of float32 numbers.
  package func gather(_ table: MatrixView, rows indices: Span<Int32>, adding: Bool = false, into out: MatrixView) {
    precondition(out.columns == table.columns, "rows of \(table.columns) into rows of \(out.columns)")
    check(indices, below: table.rows, count: out.rows)
    precondition(out.isContiguous && table.isContiguous, "the rows are not contiguous")
    unsafe indices.withUnsafeBufferPointer { indices in
      unsafe self.table.pointee.gather(
        indices.count, table.columns, table.pointer, SWLT_F32, indices.baseAddress, 1, adding ? 1 : 0, out.pointer)
    }
  }

  /// Row indices[r] of out grows by row r of x, in the order of r.
  package func scatterAdd(_ x: MatrixView, rows indices: Span<Int32>, to out: MatrixView) {
    precondition(x.columns == out.columns, "rows of \(x.columns) to rows of \(out.columns)")
    precondition(x.columnStride == 1 && out.columnStride == 1, "the numbers of a row are not consecutive")
    check(indices, below: out.rows, count: x.rows)
    unsafe indices.withUnsafeBufferPointer { indices in
      unsafe table.pointee.scatter_add(
        indices.count, x.columns, x.pointer, x.rowStride, indices.baseAddress, out.pointer, out.rowStride)
    }
  }

  private func check(_ indices: Span<Int32>, below rows: Int, count: Int) {
    precondition(indices.count == count, "\(indices.count) indices for \(count) rows")
    for place in indices.indices {
      let index = Int(indices[place])
      precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
    }
  }
}
