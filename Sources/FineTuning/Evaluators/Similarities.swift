// SPDX-License-Identifier: Apache-2.0

import CKernels
import TensorCore

extension UnitVectors {
  /// Passes for each of these vectors its cosines with all references to `body`, on several threads at once.
  ///
  /// The matrix of cosines is made some rows at a time: it never takes more than 16 MB a thread, or one row.
  ///
  /// - Complexity: 2 x count x references x dimension floating-point operations; a copy of the references.
  func forEachSimilarity(
    with references: UnitVectors, on pool: ThreadPool,
    _ body: @escaping (_ index: Int, _ cosines: UnsafeBufferPointer<Float>) -> Void
  ) {
    precondition(dimension == references.dimension, "\(dimension) dimensions and \(references.dimension)")
    let panels = references.packed(on: pool), width = UnitVectors.referencesPerPanel
    let count = count, dimension = dimension, total = references.count, queries = tensor.buffer
    let rowsPerTask = max(1, min(64, (1 << 22) / max(total, 1)))
    pool.run(count: (count + rowsPerTask - 1) / rowsPerTask) { task, worker in
      let rows = task * rowsPerTask..<min((task + 1) * rowsPerTask, count)
      let cosines = worker.workspace.buffer(count: rows.count * total)
      for (index, panel) in panels.enumerated() {
        panel.kernels.table.pointee.product(
          rows.count, panel.outputs, dimension, queries.base + rows.lowerBound * dimension, dimension,
          panel.panels.buffer.base, nil, CK_IDENTITY, cosines.base + index * width, total)
      }
      for row in rows {
        body(row, UnsafeBufferPointer(start: cosines.base + (row - rows.lowerBound) * total, count: total))
      }
      withExtendedLifetime((cosines, queries)) {}
    }
  }

  private static let referencesPerPanel = 960

  /// The vectors as the columns of matrices, some in each.
  private func packed(on pool: ThreadPool) -> [PackedMatrix] {
    let width = UnitVectors.referencesPerPanel, count = count, dimension = dimension, vectors = tensor.buffer
    let matrices = Monitor<[Int: PackedMatrix]>([:])
    pool.run(count: (count + width - 1) / width) { index, worker in
      let first = index * width, outputs = min(width, count - first)
      let matrix = PackedMatrix(
        inputs: dimension, outputs: outputs, kernels: .best, workspace: worker.workspace
      ) { $0.update(from: vectors.base + first * dimension, count: outputs * dimension) }
      matrices.withLock { $0[index] = matrix }
    }
    return matrices.withLock { matrices in matrices.sorted { $0.key < $1.key }.map(\.value) }
  }
}
