// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension UnitVectors {
  /// Calls `transform` with the cosines of each vector with all references, on several threads at once, and returns the
  /// results.
  ///
  /// The matrix of cosines is computed a few rows at a time, so that it takes at most 16 MB for each thread, or one
  /// row.
  ///
  /// - Complexity: 2 x count x references x dimension floating-point operations; a copy of the references.
  func mapSimilarities<Result>(
    with references: UnitVectors, on pool: ThreadPool,
    _ transform: @escaping (_ index: Int, _ cosines: Span<Float>) -> Result
  ) -> [Result] {
    precondition(dimension == references.dimension, "\(dimension) dimensions and \(references.dimension)")
    let panels = references.packed(on: pool), width = UnitVectors.referencesPerPanel
    let count = count, total = references.count, queries = tensor.matrix
    let rowsPerTask = max(1, min(64, (1 << 22) / max(total, 1)))
    return pool.map(count: dividedRoundingUp(count, by: rowsPerTask)) { task, worker in
      let rows = task * rowsPerTask..<min((task + 1) * rowsPerTask, count)
      let cosines = MatrixView(worker.workspace.buffer(count: rows.count * total), rows: rows.count, columns: total)
      var scratch = Scratch(worker.workspace)
      for (index, panel) in panels.enumerated() {
        panel.product(
          queries.rows(rows), columns: 0..<panel.outputs, bias: nil,
          into: cosines.columns(index * width..<index * width + panel.outputs), &scratch)
        scratch.reset()
      }
      return rows.map { row in cosines.row(row - rows.lowerBound).withSpan { transform(row, $0) } }
    }.flatMap { $0 }
  }

  private static let referencesPerPanel = 960

  /// Packs the vectors as the columns of several matrices.
  private func packed(on pool: ThreadPool) -> [PackedMatrix] {
    let width = UnitVectors.referencesPerPanel, count = count, dimension = dimension, vectors = tensor.matrix
    return pool.map(count: dividedRoundingUp(count, by: width)) { index, worker in
      let rows = index * width..<min((index + 1) * width, count)
      return PackedMatrix(inputs: dimension, outputs: rows.count, kernels: .best, workspace: worker.workspace) {
        $1.copy(from: vectors.rows(rows).rows($0))
      }
    }
  }
}
