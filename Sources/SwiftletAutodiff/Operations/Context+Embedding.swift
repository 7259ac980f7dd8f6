// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

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
        for index in indices[range] { precondition(index >= 0 && index < table.rows, "no row \(index)") }
        table.gather(
          indices[range], adding: order > 0, into: y.buffer.base + range.lowerBound * features, kernels: kernels)
      }
    }
    return record(
      y, EmbeddingOperation(tables: lookups.map(\.table), indices: lookups.map(\.indices)))
  }
}

struct EmbeddingOperation: Operation {
  let tables: [Parameter]
  let indices: [[Int32]]

  /// Each token's gradient is added to its row of each table, in the order of the tokens.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let tokens = gradient.shape[0], features = gradient.shape[1]
    for (table, indices) in zip(tables, indices) {
      guard let sum = pass.gradients?.table(table) else { continue }
      let places = sum.places(for: indices)
      pass.context.forEachRange(features, grain: 64) { range in
        pass.context.kernels.table.pointee.scatter_add(
          tokens, range.count, gradient.buffer.base + range.lowerBound, features, places,
          sum.base + range.lowerBound, features)
      }
    }
  }
}
