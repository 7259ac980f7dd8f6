// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// Vectors scaled to unit length, one in each row. A zero vector stays zero.
struct UnitVectors: Sendable {
  /// `[count, dimension]`
  let tensor: Tensor

  var count: Int { tensor.shape[0] }
  var dimension: Int { tensor.shape[1] }

  /// Scales the given rows of `[count, dimension]`, or all: x / max(|x|, 1e-12).
  init(_ vectors: Tensor, rows: Range<Int>? = nil) {
    precondition(vectors.shape.count == 2, "vectors of shape \(vectors.shape), where rows are needed")
    let rows = rows ?? 0..<vectors.shape[0]
    tensor = Tensor(uninitialized: [rows.count, vectors.shape[1]])
    tensor.matrix.copy(from: vectors.matrix.rows(rows))
    for row in 0..<rows.count {
      let vector = tensor.matrix.row(row)
      Kernels.best.divide(vector, by: max(Kernels.best.dot(vector, vector).squareRoot(), 1e-12))
    }
  }
}

/// Vectors of unit length with the index of their label.
struct LabeledVectors: Sendable {
  let vectors: UnitVectors
  let labels: [Int]

  init(vectors: UnitVectors, labels: [Int]) {
    precondition(labels.count == vectors.count, "\(labels.count) labels for \(vectors.count) vectors")
    precondition(labels.allSatisfy { $0 >= 0 }, "labels are numbered from 0")
    self.vectors = vectors
    self.labels = labels
  }

  /// The indices of the vectors of each label below `count`.
  func indicesByLabel(count: Int) -> [[Int]] {
    var indices = Array(repeating: [Int](), count: count)
    for (index, label) in labels.enumerated() where label < count { indices[label].append(index) }
    return indices
  }
}
