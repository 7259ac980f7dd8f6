// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Context {
  /// The sum of one row of each table: `[tokens, features]`, added in the order of the lookups.
  ///
  /// - Parameter lookups: a table `[rows, features]` and the row of it that each token takes.
  package func embedding(_ lookups: (table: Parameter, indices: [Int32])...) -> Variable { embedding(lookups) }

  /// The sum of one row of each of at least one table.
  package func embedding(_ lookups: [(table: Parameter, indices: [Int32])]) -> Variable {
    let tokens = lookups[0].indices.count, features = lookups[0].table.shape[1]
    let y = result(tokens, features)
    forEachRange(tokens, grain: max(1, 16384 / max(features, 1))) { range in
      for (order, (parameter, indices)) in lookups.enumerated() {
        precondition(indices.count == tokens, "lookups of different sizes")
        indices.withSpan(range) {
          weights.table(parameter).gather($0, adding: order > 0, into: y.matrix.rows(range), kernels: kernels)
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

  /// Each token's gradient is added to its row of each table, in the order of the tokens.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    for (table, indices) in zip(tables, indices) {
      guard let sum = pass.gradients?.table(table) else { continue }
      let places = sum.places(for: indices), rows = sum.values
      pass.context.forEachRange(gradient.shape[1], grain: 64) { columns in
        places.withSpan {
          pass.context.kernels.scatterAdd(gradient.matrix.columns(columns), rows: $0, to: rows.columns(columns))
        }
      }
    }
  }
}
