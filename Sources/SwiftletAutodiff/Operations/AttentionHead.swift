// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

/// Attention of one head over one sequence, some rows of scores at a time, so that the scores stay in the first
/// level cache at any length.
struct AttentionHead {
  let headSize: Int
  /// From one token's queries to the next's.
  let stride: Int
  /// From one token's result to the next's.
  let outputStride: Int
  let kernels: Kernels
  /// Of the products, where nothing is to be trained.
  let precision: Precision
  let dropout: DropoutMask?

  /// Where a head's queries, keys and values, or their gradients, start.
  struct Projections {
    let queries: UnsafeMutablePointer<Float>
    let keys: UnsafeMutablePointer<Float>
    let values: UnsafeMutablePointer<Float>
  }

  /// Where a head's sequence stands: what its dropout is keyed by.
  struct Place {
    let text: Int
    let head: Int
  }

  /// Scores held at a time, unless one tile of rows needs more.
  private static let scoreCount = 4096

  private var table: UnsafePointer<swlt_kernels> { kernels.table }
  private var scale: Float { 1 / Float(headSize).squareRoot() }

  private func rowsAtATime(length: Int) -> Int {
    let tileRows = table.pointee.tile_rows
    let rows = AttentionHead.scoreCount / max(padded(length), 1) / tileRows * tileRows
    return min(max(rows, tileRows), length)
  }

  private func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  private func scoreCount(length: Int) -> Int {
    max(AttentionHead.scoreCount, table.pointee.tile_rows * padded(length))
  }

  /// bfloat16's kernels; nil for products in float32. Integers would not pay for such short rows.
  private var compact: UnsafePointer<swlt_compact>? { precision == .bfloat16 ? table.pointee.bfloat16 : nil }

  /// Numbers that a packed matrix takes.
  private func packedCount(_ inputs: Int, _ outputs: Int) -> Int {
    compact.map { $0.pointee.weights_size(inputs, outputs) / 4 } ?? inputs * padded(outputs)
  }

  /// Numbers that rows of the inputs of a product take beside themselves.
  private func convertedCount(rows: Int, _ inputs: Int) -> Int {
    compact.map { rows * $0.pointee.input_size(inputs) / 4 } ?? 0
  }

  private func pack(
    _ inputs: Int, _ outputs: Int, _ matrix: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int,
    to packed: UnsafeMutablePointer<Float>
  ) {
    if let compact {
      compact.pointee.pack(inputs, outputs, matrix, rowStride, columnStride, nil, packed)
    } else {
      table.pointee.pack(inputs, outputs, matrix, rowStride, columnStride, packed)
    }
  }

  private func product(
    _ rows: Int, _ outputs: Int, _ inputs: Int, _ x: UnsafePointer<Float>, _ rowStride: Int,
    _ packed: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ resultStride: Int,
    converted: UnsafeMutablePointer<Float>
  ) {
    if let compact {
      compact.pointee.convert(rows, inputs, x, rowStride, nil, converted)
      compact.pointee.product(rows, outputs, inputs, converted, packed, nil, nil, SWLT_IDENTITY, y, resultStride)
    } else {
      table.pointee.product(rows, outputs, inputs, x, rowStride, packed, nil, SWLT_IDENTITY, y, resultStride)
    }
  }

  /// Numbers of scratch memory that `attend` needs for sequences up to `length`.
  func scratchCount(length: Int) -> Int {
    packedCount(headSize, length) + packedCount(length, headSize) + scoreCount(length: length)
      + convertedCount(rows: rowsAtATime(length: length), max(length, headSize))
  }

  func attend(
    length: Int, _ projections: Projections, output: UnsafeMutablePointer<Float>, place: Place,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let packedKeys = scratch, packedValues = packedKeys + packedCount(headSize, length)
    let scores = packedValues + packedCount(length, headSize), scoreStride = padded(length)
    let converted = scores + scoreCount(length: length)
    pack(headSize, length, projections.keys, 1, stride, to: packedKeys)
    pack(length, headSize, projections.values, stride, 1, to: packedValues)
    let step = rowsAtATime(length: length)
    for row in Swift.stride(from: 0, to: length, by: max(step, 1)) {
      let rows = min(step, length - row)
      // The packed keys are padded with zeros to whole vectors, and so are the scores.
      product(
        rows, scoreStride, headSize, projections.queries + row * stride, stride, packedKeys, scores, scoreStride,
        converted: converted)
      table.pointee.softmax(rows, length, scale, scores, scoreStride)
      drop(row, rows, length, place, scores, scores)
      product(
        rows, headSize, length, scores, scoreStride, packedValues, output + row * outputStride, outputStride,
        converted: converted)
    }
  }

  /// Dropout of some rows of scores, or of their gradients.
  private func drop(
    _ row: Int, _ rows: Int, _ length: Int, _ place: Place, _ scores: UnsafePointer<Float>,
    _ result: UnsafeMutablePointer<Float>
  ) {
    guard let dropout else { return }
    let scoreStride = padded(length)
    for offset in 0..<rows {
      dropout.apply(
        text: place.text, position: row + offset, head: place.head, count: scoreStride, scores + offset * scoreStride,
        result + offset * scoreStride, kernels: kernels)
    }
  }

  /// Numbers of scratch memory that `backpropagate` needs for sequences up to `length`.
  func backwardScratchCount(length: Int) -> Int {
    2 * headSize * padded(length) + 3 * length * padded(headSize) + 3 * scoreCount(length: length)
  }

  /// The gradients of queries, keys and values from that of the result; keys' and values' start at 0.
  ///
  /// With A = softmax(Q K^T / √d), D its dropout and Y = D(A) V: dV = D(A)^T dY, dA = D(dY V^T),
  /// dS = A (dA - the sum along the row of A dA) / √d, dQ = dS K, dK = dS^T Q.
  func backpropagate(
    length: Int, _ projections: Projections, gradient: UnsafePointer<Float>, to result: Projections, place: Place,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let scoreStride = padded(length), block = scoreCount(length: length)
    var free = scratch
    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
      defer { free += count }
      return free
    }
    let keysByColumn = take(headSize * scoreStride), valuesByColumn = take(headSize * scoreStride)
    let keysByRow = take(length * padded(headSize))
    let packedQueries = take(length * padded(headSize)), packedGradient = take(length * padded(headSize))
    let scores = take(block), dropped = dropout == nil ? scores : take(block), scoreGradient = take(block)
    table.pointee.pack(headSize, length, projections.keys, 1, stride, keysByColumn)
    table.pointee.pack(headSize, length, projections.values, 1, stride, valuesByColumn)
    table.pointee.pack(length, headSize, projections.keys, stride, 1, keysByRow)
    let step = rowsAtATime(length: length)
    for row in Swift.stride(from: 0, to: length, by: max(step, 1)) {
      let rows = min(step, length - row)
      let queries = projections.queries + row * stride, gradient = gradient + row * outputStride
      table.pointee.product(
        rows, scoreStride, headSize, queries, stride, keysByColumn, nil, SWLT_IDENTITY, scores, scoreStride)
      table.pointee.softmax(rows, length, scale, scores, scoreStride)
      drop(row, rows, length, place, scores, dropped)
      table.pointee.pack(rows, headSize, gradient, outputStride, 1, packedGradient)
      table.pointee.add_product(length, headSize, rows, dropped, 1, scoreStride, packedGradient, result.values, stride)
      table.pointee.product(
        rows, scoreStride, headSize, gradient, outputStride, valuesByColumn, nil, SWLT_IDENTITY, scoreGradient,
        scoreStride)
      drop(row, rows, length, place, scoreGradient, scoreGradient)
      table.pointee.softmax_gradient(rows, scoreStride, scale, scores, scoreGradient, scoreStride)
      table.pointee.product(
        rows, headSize, length, scoreGradient, scoreStride, keysByRow, nil, SWLT_IDENTITY,
        result.queries + row * stride,
        stride)
      table.pointee.pack(rows, headSize, queries, stride, 1, packedQueries)
      table.pointee.add_product(
        length, headSize, rows, scoreGradient, 1, scoreStride, packedQueries, result.keys, stride)
    }
  }
}
