// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// The vectors of some texts, in the order of the texts.
///
/// ```swift
/// let vectors = try encoder.encode(["A man is eating food.", "Someone has a meal."])
/// for vector in vectors { print(vector.prefix(3)) }
/// print(vectors[0].cosineSimilarity(to: vectors[1]))
/// ```
///
/// All vectors share the memory of one tensor. Accessing a vector copies nothing.
public struct Embeddings: RandomAccessCollection, Sendable {
  /// `[count, dimension]`, float32, row-major.
  public let tensor: Tensor

  /// The indices of texts that were cut because they have more tokens than the maximum length.
  public let truncated: [Int]

  /// The length of each vector.
  public var dimension: Int { tensor.shape[1] }

  /// The index of the first text, 0.
  public var startIndex: Int { 0 }

  /// The number of texts.
  public var endIndex: Int { tensor.shape[0] }

  /// The vector of one text.
  public subscript(index: Int) -> Vector {
    precondition(index >= 0 && index < endIndex, "text \(index) of \(endIndex)")
    return Vector(tensor.vector[index * dimension..<(index + 1) * dimension], indices: 0..<dimension)
  }

  /// The cosine of the angle between the vectors of two texts, from -1 to 1; 0 if a vector is zero.
  public func cosineSimilarity(_ first: Int, _ second: Int) -> Float {
    self[first].cosineSimilarity(to: self[second])
  }
}

extension Embeddings {
  init(_ result: EncodingRun.Result) { self.init(tensor: result.rows, truncated: result.truncated) }
}

extension Embeddings {
  /// The vector of a text, or a slice of it. A view of the embeddings' tensor, which it keeps alive.
  public struct Vector: RandomAccessCollection, Equatable, Sendable, CustomStringConvertible {
    /// The index of the first element.
    public let startIndex: Int

    /// The index after the last element.
    public let endIndex: Int

    /// The whole vector. The slice is `startIndex..<endIndex`.
    private let whole: VectorView

    fileprivate init(_ whole: VectorView, indices: Range<Int>) {
      self.whole = whole
      startIndex = indices.lowerBound
      endIndex = indices.upperBound
    }

    /// One element.
    public subscript(index: Int) -> Float {
      precondition(index >= startIndex && index < endIndex, "element \(index) of \(startIndex)..<\(endIndex)")
      return whole[index]
    }

    /// A slice, which keeps the indices.
    public subscript(range: Range<Int>) -> Vector {
      precondition(
        range.lowerBound >= startIndex && range.upperBound <= endIndex,
        "elements \(range) of \(startIndex)..<\(endIndex)")
      return Vector(whole, indices: range)
    }

    /// The elements in brackets.
    public var description: String { "\(Array(self))" }

    /// Whether both have the same elements.
    public static func == (left: Vector, right: Vector) -> Bool { left.elementsEqual(right) }

    /// The cosine of the angle between two vectors of the same length, from -1 to 1; 0 if a vector is zero.
    public func cosineSimilarity(to other: Vector) -> Float {
      precondition(count == other.count, "vectors of \(count) and \(other.count) elements")
      // In double, so that the product of two squares does not overflow.
      let lengths = (Double(dot(self)) * Double(other.dot(other))).squareRoot()
      return lengths > 0 ? Float(Swift.max(-1, Swift.min(1, Double(dot(other)) / lengths))) : 0
    }

    private func dot(_ other: Vector) -> Float {
      Kernels.best.dot(whole[startIndex..<endIndex], other.whole[other.startIndex..<other.endIndex])
    }
  }
}
