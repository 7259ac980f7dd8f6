// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The weights that a trainer changes. They belong to it alone; other users of the model have their own.
package final class TrainableWeights: @unchecked Sendable {
  // SAFETY: belongs to one trainer, which writes between computations only.

  package let layout: ParameterLayout
  package let kernels: Kernels

  /// The embedding tables by the index of their parameter.
  package let tables: [Int: EmbeddingTable]

  private let dense: TensorBuffer

  /// - Parameters:
  ///   - dense: all other parameters, in the layout's order.
  package init(_ layout: ParameterLayout, dense: TensorBuffer, tables: [Int: EmbeddingTable], kernels: Kernels) {
    precondition(dense.count == layout.count, "\(dense.count) weights for a layout of \(layout.count)")
    self.layout = layout
    self.dense = dense
    self.tables = tables
    self.kernels = kernels
  }

  /// All dense weights, in the layout's order.
  package var vector: VectorView { VectorView(dense) }

  /// The weights of a parameter that is no embedding table.
  package subscript(_ parameter: Parameter) -> VectorView { VectorView(dense, layout[parameter]) }

  /// Lends the numbers of a parameter as they read now, row-major, in parts.
  package func forEachPart<Failure: Error>(
    of parameter: Parameter, _ body: (VectorView) throws(Failure) -> Void
  ) throws(Failure) {
    guard let table = tables[parameter.index] else { return try body(self[parameter]) }
    let rowsAtATime = 1024
    let part = TensorBuffer(count: rowsAtATime * table.columns)
    for first in stride(from: 0, to: table.rows, by: rowsAtATime) {
      let rows = Array(Int32(first)..<Int32(min(first + rowsAtATime, table.rows)))
      let numbers = VectorView(part, 0..<rows.count * table.columns)
      rows.withSpan {
        table.gather($0, adding: false, into: numbers.matrix(columns: table.columns), kernels: kernels)
      }
      try body(numbers)
    }
  }

  /// The first parameter with a number that is NaN or infinite; nil if there is none.
  package func firstNonFinite() -> Parameter? {
    layout.list.parameters.first { parameter in
      var count = 0
      forEachPart(of: parameter) { count += kernels.nonFinite(in: $0).count }
      return count > 0
    }
  }

  /// The weights as they are now, to keep.
  package func copy() -> TrainableWeights {
    let copy = TensorBuffer(count: layout.count)
    VectorView(copy).copy(from: vector)
    return TrainableWeights(layout, dense: copy, tables: tables.mapValues { $0.copy() }, kernels: kernels)
  }

  /// The same numbers under a list that goes on after the layout's; those of the parameters that it adds are 0. The
  /// embedding tables are shared.
  package func extended(to list: ParameterList) -> TrainableWeights {
    let layout = ParameterLayout(list), dense = TensorBuffer(count: layout.count)
    VectorView(dense).fill(0)
    let extended = TrainableWeights(layout, dense: dense, tables: tables, kernels: kernels)
    for parameter in self.layout.list.parameters where tables[parameter.index] == nil {
      extended[parameter].copy(from: self[parameter])
    }
    return extended
  }

  /// The weights as a model reads them: valid until they are changed. Vectors and rows are not copied, matrices
  /// packed into the worker's memory.
  ///
  /// - Parameter precision: what products are computed in, float32 or bfloat16.
  package func forModel(_ worker: Worker, precision: Precision = .float32) -> Weights {
    let format = WeightFormat(precision, areHalves: false)
    func view(_ range: Range<Int>, _ shape: [Int]) -> Tensor {
      Tensor(shape: shape, buffer: TensorBuffer(range, of: dense))
    }
    let list = layout.list
    var entries = [Weights.Entry](repeating: .partOfLinear, count: list.parameters.count)
    for vector in list.vectors { entries[vector.index] = .vector(view(layout[vector], vector.shape)) }
    for (index, table) in tables { entries[index] = .table(table) }
    var panels: [(matrix: PackedMatrix, rows: Tensor, columns: Range<Int>)] = []
    for linear in list.linears {
      let count = PackedMatrix.packedCount(
        inputs: linear.inputs, outputs: linear.outputs, format: format, kernels: kernels)
      let matrix = PackedMatrix(
        uninitialized: linear.inputs, linear.outputs, format: format, kernels: kernels,
        in: worker.workspace.buffer(count: count))
      let rows = view(layout.matrix(linear), [linear.outputs, linear.inputs])
      for first in stride(from: 0, to: linear.outputs, by: matrix.panelWidth) {
        panels.append((matrix, rows, first..<min(first + matrix.panelWidth, linear.outputs)))
      }
      entries[linear.parts[0].weight.index] = .linear(
        matrix, bias: layout.bias(linear).map { view($0, [linear.outputs]) }, rows: rows)
    }
    worker.forEachRange(0..<panels.count, step: 1) { [panels] range, scratch in
      for (matrix, rows, columns) in panels[range] {
        scratch.reset()
        matrix.pack(rows.matrix, columns: columns, &scratch)
      }
    }
    return Weights(entries, precision: precision, kernels: kernels)
  }

  /// The same, on all threads of a pool.
  package func forModel(on pool: ThreadPool) -> Weights {
    pool.withTeam { self.forModel($0) }
  }
}
