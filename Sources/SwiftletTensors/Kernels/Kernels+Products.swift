// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels

extension Kernels {
  /// The columns of a panel of a packed matrix.
  package var panelWidth: Int { unsafe table.pointee.panel_width }

  /// The rows of a register tile: products of a multiple of this many rows waste nothing.
  package var tileRows: Int { unsafe table.pointee.tile_rows }

  /// `columns` rounded up to a multiple of 16, as packed matrices and padded rows have.
  package static func padded(_ columns: Int) -> Int { (columns + 15) / 16 * 16 }

  /// The numbers that a matrix of `inputs` rows and `outputs` columns takes when it is packed.
  package static func packedCount(inputs: Int, outputs: Int) -> Int { inputs * padded(outputs) }

  /// Packs b into column panels, as ``product(_:packed:bias:_:into:)`` reads them.
  ///
  /// - Parameters:
  ///   - b: `[inputs, outputs]`, at any strides.
  ///   - packed: ``packedCount(inputs:outputs:)`` numbers.
  package func pack(_ b: MatrixView, into packed: VectorView) {
    precondition(
      packed.count >= Kernels.packedCount(inputs: b.rows, outputs: b.columns),
      "\(b.rows) x \(b.columns) do not fit \(packed.count) numbers when packed")
    unsafe table.pointee.pack(b.rows, b.columns, b.pointer, b.rowStride, b.columnStride, packed.pointer)
  }

  /// c = function(a b + bias).
  ///
  /// - Parameters:
  ///   - a: `[rows, inputs]`, the numbers of a row consecutive.
  ///   - packed: b, `[inputs, outputs]`, packed.
  ///   - bias: one number an output; nil for none.
  ///   - c: `[rows, outputs]`, the numbers of a row consecutive.
  package func product(
    _ a: MatrixView, packed: VectorView, bias: VectorView? = nil, _ function: Activation = .identity, into c: MatrixView
  ) {
    checkProduct(a, packed, into: c)
    precondition(a.columnStride == 1, "the numbers of an input row are not consecutive")
    precondition(bias.map { $0.count >= c.columns } ?? true, "\(bias?.count ?? 0) biases for \(c.columns) outputs")
    unsafe table.pointee.product(
      c.rows, c.columns, a.columns, a.pointer, a.rowStride, packed.pointer, bias?.pointer, function.kernel, c.pointer,
      c.rowStride)
  }

  /// c += a b, the sums starting at c.
  ///
  /// - Parameters:
  ///   - a: `[rows, inputs]`, at any strides.
  ///   - packed: b, `[inputs, outputs]`, packed.
  ///   - c: `[rows, outputs]`, the numbers of a row consecutive.
  package func addProduct(_ a: MatrixView, packed: VectorView, to c: MatrixView) {
    checkProduct(a, packed, into: c)
    unsafe table.pointee.add_product(
      c.rows, c.columns, a.columns, a.pointer, a.rowStride, a.columnStride, packed.pointer, c.pointer, c.rowStride)
  }

  private func checkProduct(_ a: MatrixView, _ packed: VectorView, into c: MatrixView) {
    precondition(a.rows == c.rows, "\(a.rows) rows of inputs for \(c.rows) rows of results")
    precondition(c.columnStride == 1, "the numbers of a result row are not consecutive")
    precondition(
      packed.count >= Kernels.packedCount(inputs: a.columns, outputs: c.columns),
      "\(packed.count) packed numbers for \(a.columns) inputs and \(c.columns) outputs")
  }
}

/// The products of one ``WeightFormat``: float32, or fewer bits.
///
/// Packed weights and converted inputs are bytes in a form of the CPU path's own; they are kept in buffers of numbers,
/// four bytes each.
@safe
package struct ProductKernels: @unchecked Sendable {
  // SAFETY: points to a constant table with static lifetime.

  private let kernels: Kernels
  /// nil for float32.
  private var compact: UnsafePointer<swlt_compact>?
  /// Whether rows of inputs and columns of weights are multiplied by the Hadamard matrix first: in int8, but not in heads.
  private var turns: Bool

  package init(_ format: WeightFormat, kernels: Kernels) {
    self.kernels = kernels
    unsafe compact =
      switch format {
      case .float32: nil
      case .float16: unsafe kernels.table.pointee.float16
      case .bfloat16: unsafe kernels.table.pointee.bfloat16
      case .int8: unsafe kernels.table.pointee.int8
      }
    turns = format == .int8
  }

  /// The products of attention heads, whose matrices are packed anew for each text.
  package init(inHeads precision: Precision, kernels: Kernels) {
    self.init(WeightFormat(precision, areHalves: false), kernels: kernels)
    if precision == .int8 {
      unsafe compact = kernels.table.pointee.int8_heads
      turns = false
    }
  }

  /// The numbers that a matrix of `inputs` rows and `outputs` columns takes when it is packed. Where `outputs` is a
  /// multiple of the panel width, it is also where the columns from `outputs` on begin.
  package func packedCount(inputs: Int, outputs: Int) -> Int {
    guard let compact = unsafe compact else { return Kernels.packedCount(inputs: inputs, outputs: outputs) }
    return unsafe (compact.pointee.weights_size(inputs, outputs) + 3) / 4
  }

  /// Whether ``product(_:packed:bias:_:into:_:)`` takes other inputs than float32 numbers.
  package var convertsInputs: Bool { unsafe compact?.pointee.convert != nil }

  /// The numbers that a row of inputs takes as ``product(_:packed:bias:_:into:_:)`` wants it.
  package func inputCount(_ inputs: Int) -> Int {
    guard let compact = unsafe compact else { return inputs }
    return unsafe compact.pointee.input_size(inputs) / 4
  }

  /// Packs b, `[inputs, outputs]`. In int8 the numbers of a column are consecutive; in bfloat16 and in heads those of a
  /// column or of a row.
  package func pack(_ b: MatrixView, into packed: VectorView, _ scratch: inout Scratch) {
    guard let compact = unsafe compact else { return kernels.pack(b, into: packed) }
    precondition(
      packed.count >= packedCount(inputs: b.rows, outputs: b.columns),
      "\(b.rows) x \(b.columns) do not fit \(packed.count) numbers when packed")
    let room = unsafe room(compact, b.rows, &scratch)
    precondition(
      b.rowStride == 1 || b.columnStride == 1 && !turns, "the numbers of a column are not consecutive")
    unsafe compact.pointee.pack(
      b.rows, b.columns, b.pointer, b.rowStride, b.columnStride, room?.pointer, packed.pointer)
  }

  /// Converts rows of float32 numbers to inputs, ``inputCount(_:)`` numbers a row.
  ///
  /// - Parameters:
  ///   - x: `[rows, inputs]`, the numbers of a row consecutive.
  ///   - converted: `[rows, inputCount]`, row after row.
  package func convert(_ x: MatrixView, into converted: MatrixView, _ scratch: inout Scratch) {
    guard let compact = unsafe compact, let convert = unsafe compact.pointee.convert else {
      preconditionFailure("float32 inputs are taken as they are")
    }
    precondition(x.columnStride == 1, "the numbers of an input row are not consecutive")
    precondition(
      converted.rows == x.rows && converted.columns == inputCount(x.columns) && converted.isContiguous,
      "\(x.rows) x \(x.columns) inputs into \(converted.rows) x \(converted.columns)")
    let room = turns ? unsafe room(compact, x.columns, &scratch) : nil
    unsafe convert(x.rows, x.columns, x.pointer, x.rowStride, room?.pointer, converted.pointer)
  }

  /// Whether ``convertSoftmax(_:count:scale:into:)`` can be called: in int8 in heads, and in
  /// bfloat16 where the CPU has instructions for it.
  package var convertsSoftmax: Bool { unsafe compact?.pointee.convert_softmax != nil }

  /// The inputs of the softmax of each row of x, as ``Kernels/softmax(_:count:scale:)`` defines it.
  ///
  /// - Parameters:
  ///   - x: `[rows, count]` and columns up to a multiple of 16, all of which change.
  ///   - converted: `[rows, inputCount]`, row after row.
  package func convertSoftmax(_ x: MatrixView, count: Int, scale: Float, into converted: MatrixView) {
    guard let convert = unsafe compact?.pointee.convert_softmax else {
      preconditionFailure("softmax is not converted in this format")
    }
    precondition(
      count > 0 && x.columnStride == 1 && x.columns >= Kernels.padded(count),
      "no room for \(count) numbers in rows of \(x.columns)")
    precondition(
      converted.rows == x.rows && converted.columns == inputCount(count) && converted.isContiguous,
      "\(x.rows) x \(count) inputs into \(converted.rows) x \(converted.columns)")
    unsafe convert(x.rows, count, scale, x.pointer, x.rowStride, converted.pointer)
  }

  /// Converts the columns of x to rows of inputs, as ``convert(_:into:_:)`` does rows. Not in int8.
  ///
  /// - Parameters:
  ///   - x: `[inputs, columns]`, the numbers of a row consecutive.
  ///   - converted: `[columns, inputCount]`, row after row.
  package func convertColumns(_ x: MatrixView, into converted: MatrixView) {
    guard let convert = unsafe compact?.pointee.convert_columns else {
      preconditionFailure("these inputs are not converted column by column")
    }
    precondition(x.columnStride == 1, "the numbers of a row are not consecutive")
    precondition(
      converted.rows == x.columns && converted.columns == inputCount(x.rows) && converted.isContiguous,
      "\(x.columns) columns of \(x.rows) inputs into \(converted.rows) x \(converted.columns)")
    unsafe convert(x.columns, x.rows, x.pointer, x.rowStride, converted.pointer)
  }

  /// c += a b, the sums starting at c. Not in int8.
  ///
  /// - Parameters:
  ///   - a: `[rows, inputCount]`, as ``convertColumns(_:into:)`` gives it.
  ///   - inputs: how many inputs a row stands for.
  ///   - packed: b, `[inputs, outputs]`, packed.
  ///   - c: `[rows, outputs]`, the numbers of a row consecutive.
  package func addProduct(_ a: MatrixView, inputs: Int, packed: VectorView, to c: MatrixView) {
    guard let addProduct = unsafe compact?.pointee.add_product else {
      preconditionFailure("products of this format are not added")
    }
    checkProduct(a, inputs: inputs, packed, into: c)
    unsafe addProduct(c.rows, c.columns, inputs, a.pointer, packed.pointer, c.pointer, c.rowStride)
  }

  /// c = function(a b + bias).
  ///
  /// - Parameters:
  ///   - a: `[rows, inputCount]`: float32 numbers, or as ``convert(_:into:_:)`` gives them.
  ///   - inputs: how many inputs a row stands for.
  ///   - packed: b, `[inputs, outputs]`, packed.
  ///   - bias: one number an output; nil for none.
  ///   - c: `[rows, outputs]`, the numbers of a row consecutive.
  package func product(
    _ a: MatrixView, inputs: Int, packed: VectorView, bias: VectorView? = nil, _ function: Activation = .identity,
    into c: MatrixView, _ scratch: inout Scratch
  ) {
    guard let compact = unsafe compact else { return kernels.product(a, packed: packed, bias: bias, function, into: c) }
    checkProduct(a, inputs: inputs, packed, into: c)
    precondition(bias.map { $0.count >= c.columns } ?? true, "\(bias?.count ?? 0) biases for \(c.columns) outputs")
    let expands = unsafe compact.pointee.expands != 0 && c.rows >= SWLT_EXPANDED_ROWS
    let panel = expands ? scratch.take(inputs * kernels.panelWidth) : nil
    unsafe compact.pointee.product(
      c.rows, c.columns, inputs, a.pointer, packed.pointer, panel?.pointer, bias?.pointer, function.kernel, c.pointer,
      c.rowStride)
  }

  /// How many inputs of the next product one number of `next` holds in
  /// ``product(_:inputs:packed:bias:_:asInputs:)``; nil if that cannot be called: it can in
  /// bfloat16 where the CPU has instructions for it.
  package var inputsWritten: Int? { unsafe compact?.pointee.product_to_inputs == nil ? nil : 2 }

  /// function(a b + bias) as ``convert(_:into:_:)`` would make inputs of it for the next product of the same format.
  ///
  /// - Parameters:
  ///   - next: a part of each row of inputs, for a multiple of 16 outputs.
  package func product(
    _ a: MatrixView, inputs: Int, packed: VectorView, bias: VectorView?, _ function: Activation,
    asInputs next: MatrixView
  ) {
    guard let product = unsafe compact?.pointee.product_to_inputs, let inputsWritten else {
      preconditionFailure("products of this format are not made inputs")
    }
    let outputs = inputsWritten * next.columns
    precondition(outputs.isMultiple(of: 16), "\(outputs) outputs are not a multiple of 16")
    checkProduct(a, inputs: inputs, packed, into: next, outputs: outputs)
    precondition(bias.map { $0.count >= outputs } ?? true, "\(bias?.count ?? 0) biases for \(outputs) outputs")
    unsafe product(
      next.rows, outputs, inputs, a.pointer, packed.pointer, bias?.pointer, function.kernel, next.pointer,
      next.rowStride * MemoryLayout<Float>.stride)
  }

  private func checkProduct(
    _ a: MatrixView, inputs: Int, _ packed: VectorView, into c: MatrixView, outputs: Int? = nil
  ) {
    let outputs = outputs ?? c.columns
    precondition(
      inputs >= 0 && a.rows == c.rows && a.columns == inputCount(inputs) && a.isContiguous,
      "inputs of \(a.rows) x \(a.columns) for \(c.rows) rows of results")
    precondition(c.columnStride == 1, "the numbers of a result row are not consecutive")
    precondition(
      packed.count >= packedCount(inputs: inputs, outputs: outputs),
      "\(packed.count) packed numbers for \(inputs) inputs and \(outputs) outputs")
  }

  private func room(_ compact: UnsafePointer<swlt_compact>, _ inputs: Int, _ scratch: inout Scratch) -> VectorView? {
    let count = unsafe compact.pointee.scratch_count(inputs)
    return count > 0 ? scratch.take(count) : nil
  }
}
