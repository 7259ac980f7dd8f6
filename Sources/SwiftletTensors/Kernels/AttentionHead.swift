// SPDX-License-Identifier: Apache-2.0

/// Attention of one head over one sequence, some rows of scores at a time, so that the scores stay in the first
/// level cache at any length.
///
/// It is in this module because views made here do not retain their buffer. Elsewhere each part would, and the threads of a
/// short text would contend for that reference count.
package struct AttentionHead {
  package let headSize: Int
  private let kernels: Kernels
  /// For Q K^T and A V in the forward pass. Gradients are always in float32.
  private let products: ProductKernels
  private let precision: Precision
  private let dropout: DropoutMask?

  package init(headSize: Int, kernels: Kernels, precision: Precision, dropout: DropoutMask?) {
    self.headSize = headSize
    self.kernels = kernels
    self.dropout = dropout
    self.precision = precision
    products = ProductKernels(inHeads: precision, kernels: kernels)
  }

  /// One head of one sequence of a batch.
  package struct Place {
    /// The sequence's tokens in the batch.
    package let tokens: Range<Int>
    /// The sequence's number.
    package let text: Int
    package let head: Int
    /// The tokens of the sequence, counted from its first, that attend to all.
    package let queries: Range<Int>
    /// Their rows in the output.
    package let results: Range<Int>

    /// - Parameters:
    ///   - query: the one token that attends to all, whose row in the output is the sequence's number; nil: all tokens do,
    ///     and each has its own row.
    package init(tokens: Range<Int>, text: Int, head: Int, query: Int? = nil) {
      self.tokens = tokens
      self.text = text
      self.head = head
      queries = query.map { $0..<$0 + 1 } ?? 0..<tokens.count
      results = query == nil ? tokens : text..<text + 1
    }
  }

  /// Scores held at a time, unless one tile of rows needs more.
  private static let scoreCount = 4096

  /// The lengths of texts whose heads are computed in integers of 8 bits; others are in float32. Shorter ones would spend on
  /// conversions what the products save. In longer ones sums of products might not fit 32 bits.
  private static let integerLengths = 25...1 << 16

  private var scale: Float { 1 / Float(headSize).squareRoot() }

  /// The rows of scores that are held at a time.
  private func rowsAtATime(_ place: Place) -> Int {
    let tileRows = kernels.tileRows
    let rows = AttentionHead.scoreCount / max(Kernels.padded(place.tokens.count), 1) / tileRows * tileRows
    return min(max(rows, tileRows), place.queries.count)
  }

  /// The place's columns in `[tokens, hidden]`, or in the hidden columns from `start` on.
  @inline(__always)
  private func part(_ matrix: MatrixView, _ place: Place, from start: Int = 0) -> MatrixView {
    part(matrix, place.tokens, place, from: start)
  }

  /// The place's columns in some rows.
  @inline(__always)
  private func part(_ matrix: MatrixView, _ rows: Range<Int>, _ place: Place, from start: Int = 0) -> MatrixView {
    let first = start + place.head * headSize
    return matrix.rows(rows).columns(first..<first + headSize)
  }

  private func packed(_ matrix: MatrixView, _ scratch: inout Scratch) -> VectorView {
    let packed = scratch.take(products.packedCount(inputs: matrix.rows, outputs: matrix.columns))
    products.pack(matrix, into: packed, &scratch)
    return packed
  }

  /// The product of x and a packed matrix.
  ///
  /// - Parameters:
  ///   - x: `[rows, inputs]`.
  ///   - converted: room for the rows as inputs; nil where they are taken as they are.
  private func multiply(
    _ x: MatrixView, _ packed: VectorView, converted: MatrixView?, into y: MatrixView, _ scratch: inout Scratch
  ) {
    guard let converted else { return products.product(x, inputs: x.columns, packed: packed, into: y, &scratch) }
    products.convert(x, into: converted, &scratch)
    products.product(converted, inputs: x.columns, packed: packed, into: y, &scratch)
  }

  /// dropout(softmax((Q K^T + B) / √d)) V.
  ///
  /// - Parameters:
  ///   - projections: `[tokens, 3 hidden]`: a token's queries, keys and values, each head after head.
  ///   - bias: √d times the bias of each offset of a key from its query, from 1 - length to length - 1; nil for none.
  ///   - output: `[results, hidden]`, head after head, of which this head's columns of the place's results are written.
  package func attend(
    _ projections: MatrixView, bias: VectorView?, into output: MatrixView, _ place: Place, _ scratch: inout Scratch
  ) {
    let length = place.tokens.count, step = rowsAtATime(place), hidden = output.columns
    if precision == .int8 && !AttentionHead.integerLengths.contains(length) {
      let head = AttentionHead(headSize: headSize, kernels: kernels, precision: .float32, dropout: dropout)
      return head.attend(projections, bias: bias, into: output, place, &scratch)
    }
    let queries = part(projections, place), output = part(output, place.results, place)
    let keys = packed(part(projections, place, from: hidden).transposed, &scratch)
    let values = packed(part(projections, place, from: 2 * hidden), &scratch)
    // The packed keys are padded with zeros to whole vectors, and so are the scores.
    let held = scratch.take(rows: step, columns: Kernels.padded(length))
    let converts = products.convertsInputs
    let queryRoom = converts ? scratch.take(rows: step, columns: products.inputCount(headSize)) : nil
    let scoreRoom = converts ? scratch.take(rows: step, columns: products.inputCount(length)) : nil
    for (rows, results) in steps(step, place) {
      let first = rows.lowerBound, part = 0..<rows.count, scores = held.rows(part)
      multiply(queries.rows(rows), keys, converted: queryRoom?.rows(part), into: scores, &scratch)
      add(bias, to: scores, first, length: length)
      if let converted = scoreRoom?.rows(part), products.convertsSoftmax, dropout == nil {
        products.convertSoftmax(scores, count: length, scale: scale, into: converted)
        products.product(converted, inputs: length, packed: values, into: output.rows(results), &scratch)
        continue
      }
      kernels.softmax(scores, count: length, scale: scale)
      drop(scores, into: scores, first, place)
      multiply(
        scores.columns(0..<length), values, converted: scoreRoom?.rows(part), into: output.rows(results), &scratch)
    }
  }

  /// The place's queries, some at a time, and where their results are.
  private func steps(_ step: Int, _ place: Place) -> some Sequence<(rows: Range<Int>, results: Range<Int>)> {
    stride(from: 0, to: place.queries.count, by: max(step, 1)).lazy.map { first in
      let results = first..<min(first + step, place.queries.count), start = place.queries.lowerBound
      return (start + results.lowerBound..<start + results.upperBound, results)
    }
  }

  /// Adds the bias of each key's offset to some rows of scores.
  private func add(_ bias: VectorView?, to scores: MatrixView, _ firstRow: Int, length: Int) {
    guard let bias else { return }
    for row in 0..<scores.rows {
      let start = length - 1 - (firstRow + row)
      kernels.add(bias[start..<start + length], to: scores.row(row)[0..<length])
    }
  }

  /// Adds some rows of gradients to those of the offsets' biases.
  private func add(_ scoreGradient: MatrixView, _ firstRow: Int, length: Int, to bias: VectorView?) {
    guard let bias else { return }
    for row in 0..<scoreGradient.rows {
      let start = length - 1 - (firstRow + row)
      kernels.add(scoreGradient.row(row)[0..<length], to: bias[start..<start + length])
    }
  }

  /// Dropout of some rows of scores, or of their gradients.
  private func drop(_ scores: MatrixView, into result: MatrixView, _ firstRow: Int, _ place: Place) {
    dropout?.apply(
      text: place.text, position: firstRow, head: place.head, scores, into: result, kernels: kernels)
  }

  /// The gradients of queries, keys, values and bias from that of the result. Keys, values and bias are added to, so theirs
  /// must start at 0; those of the queries are overwritten.
  ///
  /// With A = softmax((Q K^T + B) / √d), D its dropout and Y = D(A) V: dV = D(A)^T dY, dA = D(dY V^T),
  /// dS = A (dA - the sum along the row of A dA) / √d, dQ = dS K, dK = dS^T Q; that of an offset's bias is the sum of
  /// its dS, query by query.
  package func backpropagate(
    _ projections: MatrixView, bias: VectorView?, gradient: MatrixView, to result: MatrixView,
    biasResult: VectorView?, _ place: Place, _ scratch: inout Scratch
  ) {
    let length = place.tokens.count, step = rowsAtATime(place), hidden = gradient.columns
    let queries = part(projections, place), keys = part(projections, place, from: hidden)
    let gradient = part(gradient, place.results, place), queryResult = part(result, place)
    let keyResult = part(result, place, from: hidden), valueResult = part(result, place, from: 2 * hidden)
    func packed(_ matrix: MatrixView) -> VectorView {
      let packed = scratch.take(Kernels.packedCount(inputs: matrix.rows, outputs: matrix.columns))
      kernels.pack(matrix, into: packed)
      return packed
    }
    let keysByColumn = packed(keys.transposed), keysByRow = packed(keys)
    let valuesByColumn = packed(part(projections, place, from: 2 * hidden).transposed)
    let packedRows = scratch.take(Kernels.packedCount(inputs: step, outputs: headSize))
    let held = scratch.take(rows: step, columns: Kernels.padded(length))
    let heldDropped = dropout == nil ? held : scratch.take(rows: step, columns: Kernels.padded(length))
    let heldGradient = scratch.take(rows: step, columns: Kernels.padded(length))
    for (rows, results) in steps(step, place) {
      let first = rows.lowerBound, part = 0..<rows.count
      let scores = held.rows(part), dropped = heldDropped.rows(part), scoreGradient = heldGradient.rows(part)
      let queries = queries.rows(rows), gradient = gradient.rows(results)
      kernels.product(queries, packed: keysByColumn, into: scores)
      add(bias, to: scores, first, length: length)
      kernels.softmax(scores, count: length, scale: scale)
      drop(scores, into: dropped, first, place)
      kernels.pack(gradient, into: packedRows)
      kernels.addProduct(dropped.columns(0..<length).transposed, packed: packedRows, to: valueResult)
      kernels.product(gradient, packed: valuesByColumn, into: scoreGradient)
      drop(scoreGradient, into: scoreGradient, first, place)
      kernels.softmaxGradient(scores, scale: scale, gradient: scoreGradient)
      add(scoreGradient, first, length: length, to: biasResult)
      kernels.product(scoreGradient.columns(0..<length), packed: keysByRow, into: queryResult.rows(rows))
      kernels.pack(queries, into: packedRows)
      kernels.addProduct(scoreGradient.columns(0..<length).transposed, packed: packedRows, to: keyResult)
    }
  }
}
