// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// Thrown when a pattern of parameter names matches nothing, or when all parameters are frozen.
package enum ParameterPatternError: SwiftletError, Equatable {
  /// No parameter has a name that matches the pattern.
  case matchesNone(pattern: String, names: [String])
  /// The patterns freeze every parameter.
  case allFrozen

  package var path: String? { nil }

  package var reason: String {
    switch self {
    case .matchesNone(let pattern, _): "no parameter's name matches \(quoted(pattern))"
    case .allFrozen: "every parameter is frozen"
    }
  }

  package var remedy: String {
    switch self {
    case .matchesNone(_, let names):
      let examples = [names.first, names.dropFirst().last].compactMap { $0 }.map { quoted($0) }
      return "the \(names.count) names look like \(examples.joined(separator: " or "))"
    case .allFrozen: return "leave some to be trained"
    }
  }
}
