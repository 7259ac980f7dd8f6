// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Thrown for a configuration file with missing, wrong or unsupported values. Lists all of them at once.
package struct ConfigurationError: SwiftletError, Equatable {
  /// What is wrong with one value.
  package enum Problem: Equatable, Sendable, CustomStringConvertible {
    /// A required key is absent.
    case missing(key: String)
    /// The value has the wrong type, or is a number that is not written as an integer.
    case wrongType(key: String, wanted: String, found: String)
    /// The number is too small or too large.
    case outOfRange(key: String, value: String, range: String)
    /// The value asks for something that this package does not compute.
    case unsupported(key: String, value: String, supported: [String])
    /// The value contradicts another one.
    case inconsistent(key: String, problem: String)

    /// The key and what is wrong with its value.
    package var description: String {
      switch self {
      case .missing(let key): "\(escaped(key)) is missing"
      case .wrongType(let key, let wanted, let found): "\(escaped(key)) must be \(wanted), not \(found)"
      case .outOfRange(let key, let value, let range):
        "\(escaped(key)) is \(escaped(value, limit: 40)), not in \(range)"
      case .unsupported(let key, let value, let supported):
        "\(escaped(key)) \(quoted(value)) is not supported, only \(supported.joined(separator: ", "))"
      case .inconsistent(let key, let problem): "\(escaped(key)) \(problem)"
      }
    }
  }

  /// The file.
  package let path: String?
  /// Everything that is wrong in the file.
  package let problems: [Problem]

  package let remedy: String

  /// - Parameter remedy: what to do; nil: use other values or another model.
  package init(path: String, problems: [Problem], remedy: String? = nil) {
    self.path = path
    self.problems = problems
    self.remedy = remedy ?? ConfigurationError.remedy(for: problems)
  }

  /// The first five problems, and how many more there are.
  package var reason: String {
    let listed = problems.prefix(5).map(\.description).joined(separator: ", ")
    return problems.count > 5 ? "\(listed) and \(problems.count - 5) more" : listed
  }

  private static func remedy(for problems: [Problem]) -> String {
    let isUnsupported = problems.contains { if case .unsupported = $0 { true } else { false } }
    return isUnsupported ? "give a model that does without" : "use the file that came with the model, or another model"
  }
}
