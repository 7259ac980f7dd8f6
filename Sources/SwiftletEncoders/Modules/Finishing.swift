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

  /// Writes the finished vectors of `pooled`, `[count, pooledDimension]`, to `vectors`, one after the other.
  func write(_ pooled: Variable, in context: Context, to vectors: UnsafeMutablePointer<Float>) {
    let count = pooled.tensor.shape[0], kept = keptDimension ?? pooledDimension
    let whole = (normalizesFirst ? context.normalized(pooled) : pooled).tensor
    var cut = whole
    if kept < pooledDimension {
      cut = Tensor(uninitialized: [count, kept], in: context.worker.workspace)
      for row in 0..<count {
        (cut.buffer.base + row * kept).update(from: whole.buffer.base + row * pooledDimension, count: kept)
      }
    }
    let finished = normalizesLast ? context.normalized(Variable(cut)).tensor : cut
    vectors.update(from: finished.buffer.base, count: count * kept)
  }
}
