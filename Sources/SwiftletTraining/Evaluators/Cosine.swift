// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Tensor {
  /// The cosine of the angle between two rows of `[rows, dimension]`, from -1 to 1; 0 if a row is zero.
  func cosine(_ first: Int, _ second: Int) -> Double {
    func dot(_ i: Int, _ j: Int) -> Double { Double(Kernels.best.dot(matrix.row(i), matrix.row(j))) }
    let lengths = (dot(first, first) * dot(second, second)).squareRoot()
    return lengths > 0 ? max(-1, min(1, dot(first, second) / lengths)) : 0
  }

  /// Whether there are several rows, and all are equal to the bit.
  var hasEqualRows: Bool {
    let rows = shape[0], columns = shape[1]
    return rows > 1
      && withSpan { values in (columns..<rows * columns).allSatisfy { values[$0] == values[$0 % columns] } }
  }
}

/// The fraction of negatives whose cosine with their anchor is below that of the positive.
///
/// - Parameters:
///   - vectors: the vectors of all anchors, of their positives, then of the negatives of each anchor.
///   - counts: the number of negatives of each anchor.
func tripletAccuracy(_ vectors: Tensor, negativeCounts counts: [Int]) -> Double {
  var correct = 0, first = 2 * counts.count
  for (anchor, count) in counts.enumerated() {
    let positive = vectors.cosine(anchor, counts.count + anchor)
    correct += (first..<first + count).count { vectors.cosine(anchor, $0) < positive }
    first += count
  }
  return Double(correct) / Double(counts.reduce(0, +))
}
