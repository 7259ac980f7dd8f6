// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

extension UnitVectors {
  /// What `transform` makes of each of these vectors' cosines with all references, on several threads at once.
  ///
  /// The matrix of cosines is made some rows at a time: it never takes more than 16 MB a thread, or one row.
  ///
  /// - Complexity: 2 x count x references x dimension floating-point operations; a copy of the references.
  func mapSimilarities<Result>(
    with references: UnitVectors, on pool: ThreadPool,
    _ transform: @escaping (_ index: Int, _ cosines: UnsafeBufferPointer<Float>) -> Result
  ) -> [Result] {
    precondition(dimension == references.dimension, "\(dimension) dimensions and \(references.dimension)")
    let panels = references.packed(on: pool), width = UnitVectors.referencesPerPanel
    let count = count, dimension = dimension, total = references.count, queries = tensor.buffer
    let rowsPerTask = max(1, min(64, (1 << 22) / max(total, 1)))
    return pool.map(count: dividedRoundingUp(count, by: rowsPerTask)) { task, worker in
      let rows = task * rowsPerTask..<min((task + 1) * rowsPerTask, count)
      let cosines = worker.workspace.buffer(count: rows.count * total)
      defer { withExtendedLifetime((cosines, queries)) {} }
      for (index, panel) in panels.enumerated() {
        panel.product(
          rows: rows.count, queries.base + rows.lowerBound * dimension, columns: 0..<panel.outputs, bias: nil,
          SWLT_IDENTITY, cosines.base + index * width, rowStride: total, worker.workspace)
      }
      return rows.map { row in
        transform(row, UnsafeBufferPointer(start: cosines.base + (row - rows.lowerBound) * total, count: total))
      }
    }.flatMap { $0 }
  }

  private static let referencesPerPanel = 960

  /// The vectors as the columns of matrices, some in each.
  private func packed(on pool: ThreadPool) -> [PackedMatrix] {
    let width = UnitVectors.referencesPerPanel, count = count, dimension = dimension, vectors = tensor.buffer
    return pool.map(count: dividedRoundingUp(count, by: width)) { index, worker in
      let first = index * width, outputs = min(width, count - first)
      return PackedMatrix(inputs: dimension, outputs: outputs, kernels: .best, workspace: worker.workspace) {
        $0.update(from: vectors.base + first * dimension, count: outputs * dimension)
      }
    }
  }
}

extension ThreadPool {
  /// What `transform` makes of each index below `count`, in their order.
  fileprivate func map<Result>(
    count: Int, _ transform: @escaping (_ index: Int, _ worker: Worker) -> Result
  ) -> [Result] {
    Array(unsafeUninitializedCapacity: count) { results, initializedCount in
      // SAFETY: each element is written by one task alone.
      let results = results
      run(count: count) { index, worker in results.initializeElement(at: index, to: transform(index, worker)) }
      initializedCount = count
    }
  }
}
