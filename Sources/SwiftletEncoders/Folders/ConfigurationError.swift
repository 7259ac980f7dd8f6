// SPDX-License-Identifier: Apache-2.0

internal import SwiftletFiles

/// A configuration file whose values are missing, wrong or not supported: all of them at once.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong with one value.
  public enum Problem: Equatable, Sendable, CustomStringConvertible {
    /// The key has to be there.
    case missing(key: String)
    /// The value has another type, or is a number not written as an integer.
    case wrongType(key: String, wanted: String, found: String)
    /// The number is too small or too large.
    case outOfRange(key: String, value: String, range: String)
    /// The value means something that this package does not compute.
    case unsupported(key: String, value: String, supported: [String])
    /// The value does not fit another one.
    case inconsistent(key: String, problem: String)

    /// The key and what is wrong with its value.
    public var description: String {
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
  public let path: String
  /// Everything that is wrong in it.
  public let problems: [Problem]

  package init(path: String, problems: [Problem]) {
    self.path = path
    self.problems = problems
  }

  /// One line: the file and its first five problems.
  public var description: String {
    let listed = problems.prefix(5).map(\.description).joined(separator: ", ")
    let more = problems.count > 5 ? " and \(problems.count - 5) more" : ""
    return "\(escaped(path)): \(listed)\(more); use the file that came with the model, or another model"
  }
}
