// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
package import SwiftletWeights

/// Thrown when the tensors of a weights file are not the ones that the model's config.json describes.
package struct WeightError: SwiftletError, Equatable {
  /// What is wrong with one tensor.
  package enum Problem: Equatable, Sendable {
    /// No tensor has this name.
    case missing(name: String)
    /// The tensor's shape is not the one that config.json asks for.
    case misshapen(name: String, shape: [Int], expected: [Int])
    /// The tensor's type is none of F64, F32, F16 and BF16.
    case unusableType(name: String, type: DType)
    /// Numbers are NaN or infinite as float32; `firstIndex` counts elements in row-major order.
    case nonFinite(name: String, count: Int, firstIndex: Int)

    /// The tensor.
    package var name: String {
      switch self {
      case .missing(let name), .misshapen(let name, _, _), .unusableType(let name, _), .nonFinite(let name, _, _): name
      }
    }

    /// Whether no tensor has the name.
    var isMissing: Bool { if case .missing = self { true } else { false } }

    fileprivate var text: String {
      switch self {
      case .missing(let name): "\(quoted(name)) is missing"
      case .misshapen(let name, let shape, let expected): "\(quoted(name)) has shape \(shape), not \(expected)"
      case .unusableType(let name, let type): "\(quoted(name)) is \(type.rawValue), not F64, F32, F16 or BF16"
      case .nonFinite(let name, let count, let first):
        count == 1
          ? "\(quoted(name)) has a value that is not finite, at element \(first)"
          : "\(quoted(name)) has \(count) values that are not finite, the first at element \(first)"
      }
    }
  }

  /// The model folder.
  package let path: String?

  /// Every problem found.
  package let problems: [Problem]

  /// The names of the tensors in the files.
  package let names: [String]

  package let remedy: String

  /// - Parameter remedy: what to do; nil: find files that belong together.
  package init(path: String?, problems: [Problem], names: [String] = [], remedy: String? = nil) {
    self.path = path
    self.problems = problems
    self.names = names
    self.remedy = remedy ?? "check that weights and config.json are of one model, and download both again"
  }

  /// The first five problems, and the count of all.
  package var reason: String {
    let listed = problems.prefix(5).map(\.text).joined(separator: "; ")
    let more = problems.count > 5 ? "; and \(problems.count - 5) more, \(problems.count) in all" : ""
    return "the weights do not fit config.json: \(listed)\(more)\(foundInstead)"
  }

  /// Some of the names in the files, if names are missing.
  private var foundInstead: String {
    guard problems.contains(where: \.isMissing), let first = names.first else { return "" }
    let shown = [first, names[names.count / 2]].map { quoted($0) }.joined(separator: " or ")
    return "; the files have \(names.count) tensors, as \(shown)"
  }
}
