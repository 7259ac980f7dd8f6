// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
public import SwiftletTensors

extension QuantizedEmbeddings {
  /// For each element of a vector, the range that 256 codes are spread over: sentence-transformers' `ranges`.
  ///
  /// ```swift
  /// let ranges = try QuantizedEmbeddings.Ranges(calibratedOn: encoder.encode(sample).tensor)
  /// let quantized = QuantizedEmbeddings(vectors, as: .uint8(ranges))
  /// ```
  ///
  /// The reference warns of samples of fewer than 100 vectors. What is quantized together must have the same ranges.
  public struct Ranges: Sendable, Equatable {
    /// The lower end of each element's range.
    public let minimums: [Float]

    /// The upper end of each element's range.
    public let maximums: [Float]

    /// The width of each element's codes: (maximum - minimum) / 255, or 1 if that is 0.
    private let steps: [Float]

    /// The number of elements of the vectors.
    public var dimension: Int { minimums.count }

    /// The smallest and the largest number of each element in a sample of vectors, `[count, dimension]`.
    ///
    /// - Throws: a `SwiftletError` if there are fewer than two vectors, a number is NaN or infinite, or a range is wider
    ///   than the largest float32. The reference goes on with such numbers, and its codes say nothing.
    public init(calibratedOn vectors: Tensor) throws {
      precondition(vectors.shape.count == 2, "vectors of shape \(vectors.shape), not [count, dimension]")
      guard vectors.shape[0] >= 2 else { throw QuantizationError(.tooFewVectors(vectors.shape[0])) }
      var minimums = vectors.matrix.row(0).values, maximums = minimums
      for row in 0..<vectors.shape[0] {
        for (element, x) in vectors.matrix.row(row).values.enumerated() {
          guard x.isFinite else { throw QuantizationError(.notFinite(x, vector: row, element: element)) }
          minimums[element] = Swift.min(minimums[element], x)
          maximums[element] = Swift.max(maximums[element], x)
        }
      }
      try self.init(minimums: minimums, maximums: maximums, path: nil)
    }

    /// Ranges from outside, as sentence-transformers keeps them: the row of minimums, then the row of maximums.
    ///
    /// - Parameters:
    ///   - table: `[2, dimension]`.
    ///   - dimension: the length of the vectors that are to be quantized.
    ///   - path: the file that the table is from, for errors.
    /// - Throws: a `SwiftletError` if the table has another shape, a number is NaN or infinite, a minimum is above its
    ///   maximum, or a range is wider than the largest float32.
    public init(_ table: Tensor, dimension: Int, path: String? = nil) throws {
      guard table.shape == [2, dimension] else {
        throw QuantizationError(.shape(table.shape, dimension: dimension), path: path)
      }
      try self.init(minimums: table.matrix.row(0).values, maximums: table.matrix.row(1).values, path: path)
    }

    private init(minimums: [Float], maximums: [Float], path: String?) throws(QuantizationError) {
      for (element, (minimum, maximum)) in zip(minimums, maximums).enumerated() {
        // False for NaN, too.
        guard minimum <= maximum, (maximum - minimum).isFinite else {
          throw QuantizationError(.range(minimum, maximum, element: element), path: path)
        }
      }
      self.minimums = minimums
      self.maximums = maximums
      steps = zip(minimums, maximums).map { minimum, maximum in
        let step = (maximum - minimum) / 255
        return step == 0 ? 1 : step
      }
    }

    /// The code from 0 to 255 of an element; nil for NaN.
    func code(of x: Float, at element: Int) -> UInt8? {
      let code = ((x - minimums[element]) / steps[element]).rounded(.down)
      return code.isNaN ? nil : UInt8(Swift.max(0, Swift.min(255, code)))
    }

    /// The number that a code from 0 to 255 stands for. In double, as in the reference, then rounded.
    func value(of code: Int, at element: Int) -> Float {
      Float(Double(code) * Double(steps[element]) + Double(minimums[element]))
    }
  }
}

/// Thrown for ranges that no codes can be spread over. Vectors and elements count from 0.
package struct QuantizationError: SwiftletError, Equatable {
  /// What is wrong.
  package enum Problem: Equatable, Sendable {
    case shape([Int], dimension: Int)
    case range(Float, Float, element: Int)
    case tooFewVectors(Int)
    case notFinite(Float, vector: Int, element: Int)
  }

  package let path: String?
  package let problem: Problem

  init(_ problem: Problem, path: String? = nil) {
    self.problem = problem
    self.path = path
  }

  package var reason: String {
    switch problem {
    case .shape(let shape, let dimension): "ranges of shape \(shape): these vectors need [2, \(dimension)]"
    case .range(let minimum, let maximum, let element): "the range of element \(element) is \(minimum) to \(maximum)"
    case .tooFewVectors(let count): "ranges need a sample of vectors: this has \(count)"
    case .notFinite(let x, let vector, let element): "element \(element) of vector \(vector) is \(x)"
    }
  }

  package var remedy: String {
    switch problem {
    case .shape: "give a row of minimums and a row of maximums"
    case .range: "give finite numbers, the minimum first, whose difference is finite in float32"
    case .tooFewVectors: "give at least 2, better 100 or more"
    case .notFinite: "leave this vector out of the sample"
    }
  }
}
