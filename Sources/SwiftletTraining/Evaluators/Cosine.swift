// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Tensor {
  /// The cosine of the angle between two rows of `[rows, dimension]`, from -1 to 1; 0 if a row is zero.
  func cosine(_ first: Int, _ second: Int) -> Double {
    func dot(_ i: Int, _ j: Int) -> Double { Double(Kernels.best.dot(matrix.row(i), matrix.row(j))) }
    let lengths = (dot(first, first) * dot(second, second)).squareRoot()
    return lengths > 0 ? max(-1, min(1, dot(first, second) / lengths)) : 0
  }
}

/// The fraction of negatives whose cosine with their anchor is below that of the positive.
///
/// - Parameter vectors: the vectors of `count` anchors, of their positives, then of `negatives` negatives for each
///   anchor.
func tripletAccuracy(_ vectors: Tensor, count: Int, negatives: Int) -> Double {
  var correct = 0
  for anchor in 0..<count {
    let positive = vectors.cosine(anchor, count + anchor), first = 2 * count + anchor * negatives
    correct += (first..<first + negatives).count { vectors.cosine(anchor, $0) < positive }
  }
  return Double(correct) / Double(count * negatives)
}
