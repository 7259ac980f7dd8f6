// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// The vectors of some texts, one a text.
public struct Embeddings: Sendable {
  /// `[count, dimension]`, float32, row-major.
  public let tensor: Tensor

  /// The texts, by their place, of which only the beginning was read: they have more tokens than the maximum length.
  public let truncated: [Int]

  /// The number of texts.
  public var count: Int { tensor.shape[0] }

  /// The length of each vector.
  public var dimension: Int { tensor.shape[1] }

  /// The vector of one text.
  public subscript(index: Int) -> [Float] {
    precondition(index >= 0 && index < count, "text \(index) of \(count)")
    return tensor.matrix.row(index).values
  }

  /// The cosine of the angle between two texts' vectors, -1 to 1; 0 if one of them is 0.
  public func cosineSimilarity(_ first: Int, _ second: Int) -> Float {
    precondition([first, second].allSatisfy { $0 >= 0 && $0 < count }, "texts \(first) and \(second) of \(count)")
    func dot(_ i: Int, _ j: Int) -> Float { Kernels.best.dot(tensor.matrix.row(i), tensor.matrix.row(j)) }
    // In double, where the product of two squares does not overflow.
    let lengths = (Double(dot(first, first)) * Double(dot(second, second))).squareRoot()
    return lengths > 0 ? Float(max(-1, min(1, Double(dot(first, second)) / lengths))) : 0
  }
}
