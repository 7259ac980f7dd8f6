// SPDX-License-Identifier: Apache-2.0

import CKernels
import TensorCore

extension Context {
  /// The sum of one row of each table: `[tokens, features]`, added in the order of the lookups.
  ///
  /// - Parameter lookups: a table `[rows, features]` and the row of it that each token takes.
  package func embedding(_ lookups: (table: Parameter, indices: [Int32])...) -> Variable {
    let tokens = lookups[0].indices.count, features = lookups[0].table.shape[1]
    let y = result(tokens, features)
    forEachRange(tokens, grain: max(1, 16384 / max(features, 1))) { range in
      for (order, (parameter, indices)) in lookups.enumerated() {
        let table = weights.table(parameter)
        precondition(indices.count == tokens && table.columns == features, "lookups of different sizes")
        indices.withUnsafeBufferPointer { indices in
          for index in indices[range] { precondition(index >= 0 && index < table.rows, "no row \(index)") }
          guard let base = indices.baseAddress else { return }
          kernels.table.pointee.gather(
            range.count, features, table.base, table.storage, base + range.lowerBound, order == 0 ? 0 : 1,
            y.buffer.base + range.lowerBound * features)
        }
      }
    }
    return record(
      y, EmbeddingOperation(tables: lookups.map(\.table), indices: lookups.map(\.indices)))
  }
}

struct EmbeddingOperation: Operation {
  let tables: [Parameter]
  let indices: [[Int32]]

  var inputs: [Variable] { [] }
}
