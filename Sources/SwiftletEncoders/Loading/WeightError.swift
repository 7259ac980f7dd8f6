// SPDX-License-Identifier: Apache-2.0

internal import SwiftletFiles
public import SwiftletWeights

/// A checkpoint whose tensors are not the weights of the model that its configuration describes.
public struct WeightError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong with one tensor.
  public enum Problem: Equatable, Sendable {
    /// The checkpoint has no tensor of this name.
    case missing(name: String)
    /// The tensor's shape is not the one that config.json asks for.
    case misshapen(name: String, shape: [Int], expected: [Int])
    /// The tensor's type is none of F64, F32, F16 and BF16.
    case unusableType(name: String, type: DType)
    /// Numbers are NaN or infinite as float32; `firstIndex` counts elements in row-major order.
    case nonFinite(name: String, count: Int, firstIndex: Int)

    /// The tensor.
    public var name: String {
      switch self {
      case .missing(let name), .misshapen(let name, _, _), .unusableType(let name, _), .nonFinite(let name, _, _): name
      }
    }

    private var text: String {
      switch self {
      case .missing(let name): "\(quoted(name)) is missing"
      case .misshapen(let name, let shape, let expected): "\(quoted(name)) has shape \(shape), not \(expected)"
      case .unusableType(let name, let type): "\(quoted(name)) is \(type.rawValue), not F64, F32, F16 or BF16"
      case .nonFinite(let name, let count, let first):
        "\(quoted(name)) has \(count) values that are not finite, the first at element \(first)"
      }
    }

    static func summary(_ problems: [Problem]) -> String {
      let listed = problems.prefix(5).map(\.text).joined(separator: "; ")
      return problems.count > 5 ? "\(listed); and \(problems.count - 5) more, \(problems.count) in all" : listed
    }
  }

  /// The model folder.
  public let folder: String

  /// Every problem found.
  public let problems: [Problem]

  /// One line: the folder, the first five problems and their count, what to do.
  public var description: String {
    "\(escaped(folder)): the weights do not fit config.json: \(Problem.summary(problems)); "
      + "export or download the model again"
  }
}
