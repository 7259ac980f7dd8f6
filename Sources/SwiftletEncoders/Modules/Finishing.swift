// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// What is done to pooled vectors: to unit length if the folder says so, cut, to unit length again if the caller
/// says so.
struct Finishing: Sendable {
  let pooledDimension: Int
  let normalizesFirst: Bool
  let keptDimension: Int?
  let normalizesLast: Bool

  /// Writes the finished vectors of `pooled`, `[count, pooledDimension]`, to `vectors`.
  func write(_ pooled: Variable, in context: Context, to vectors: MatrixView) {
    let kept = keptDimension ?? pooledDimension
    let whole = (normalizesFirst ? pooled.normalized() : pooled).tensor
    var finished = whole
    if kept < pooledDimension {
      finished = context.result(pooled.tensor.shape[0], kept)
      finished.matrix.copy(from: whole.matrix.columns(0..<kept))
    }
    if normalizesLast { finished = context.constant(finished).normalized().tensor }
    vectors.copy(from: finished.matrix)
  }
}
