// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Patterns of parameter names that leave nothing to do.
public enum ParameterPatternError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No parameter has a name that matches the pattern.
  case matchesNone(pattern: String, names: [String])
  /// The patterns freeze every parameter.
  case allFrozen

  /// One line: what is wrong, what to do.
  public var description: String {
    switch self {
    case .matchesNone(let pattern, let names):
      let examples = [names.first, names.dropFirst().last].compactMap { $0 }.map(quoted).joined(separator: " or ")
      return "no parameter's name matches \(quoted(pattern)); the \(names.count) names are as \(examples)"
    case .allFrozen:
      return "every parameter is frozen; leave some to be trained"
    }
  }
}
