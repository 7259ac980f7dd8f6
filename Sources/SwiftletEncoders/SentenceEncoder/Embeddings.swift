// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// The vectors of some texts, one a text, in the order of the texts.
///
/// ```swift
/// let vectors = try encoder.encode(["A man is eating food.", "Someone has a meal."])
/// for vector in vectors { print(vector.prefix(3)) }
/// print(vectors[0].cosineSimilarity(to: vectors[1]))
/// ```
///
/// All vectors share the memory of one tensor: taking one out copies nothing.
public struct Embeddings: RandomAccessCollection, Sendable {
  /// `[count, dimension]`, float32, row-major.
  public let tensor: Tensor

  /// The texts, by their place, of which only the beginning was read: they have more tokens than the maximum length.
  public let truncated: [Int]

  /// The length of each vector.
  public var dimension: Int { tensor.shape[1] }

  /// 0: the first text.
  public var startIndex: Int { 0 }

  /// The number of texts.
  public var endIndex: Int { tensor.shape[0] }

  /// The vector of one text.
  public subscript(index: Int) -> Vector {
    precondition(index >= 0 && index < endIndex, "text \(index) of \(endIndex)")
    return Vector(tensor.vector[index * dimension..<(index + 1) * dimension], indices: 0..<dimension)
  }

  /// The cosine of the angle between two texts' vectors, -1 to 1; 0 if one of them is 0.
  public func cosineSimilarity(_ first: Int, _ second: Int) -> Float {
    self[first].cosineSimilarity(to: self[second])
  }
}

extension Embeddings {
  /// One text's vector, or some consecutive elements of it: a view of the embeddings' tensor, which it keeps alive.
  public struct Vector: RandomAccessCollection, Equatable, Sendable, CustomStringConvertible {
    /// The place of the first element.
    public let startIndex: Int

    /// The place behind the last element.
    public let endIndex: Int

    /// The whole vector, of which the indices are in use.
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

    /// Consecutive elements, which keep their places.
    public subscript(range: Range<Int>) -> Vector {
      precondition(
        range.lowerBound >= startIndex && range.upperBound <= endIndex,
        "elements \(range) of \(startIndex)..<\(endIndex)")
      return Vector(whole, indices: range)
    }

    /// The elements in brackets.
    public var description: String { "\(Array(self))" }

    /// Whether both have equal elements, wherever they come from.
    public static func == (left: Vector, right: Vector) -> Bool { left.elementsEqual(right) }

    /// The cosine of the angle between two vectors of one length, -1 to 1; 0 if one of them is 0.
    public func cosineSimilarity(to other: Vector) -> Float {
      precondition(count == other.count, "vectors of \(count) and \(other.count) elements")
      // In double, where the product of two squares does not overflow.
      let lengths = (Double(dot(self)) * Double(other.dot(other))).squareRoot()
      return lengths > 0 ? Float(Swift.max(-1, Swift.min(1, Double(dot(other)) / lengths))) : 0
    }

    private func dot(_ other: Vector) -> Float {
      Kernels.best.dot(whole[startIndex..<endIndex], other.whole[other.startIndex..<other.endIndex])
    }
  }
}
