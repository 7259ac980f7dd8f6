// SPDX-License-Identifier: Apache-2.0

import FileFormats

/// A choice of a loss that cannot be followed.
public enum LossError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No loss has the name.
  case unknownName(String)
  /// A margin that is negative or no number.
  case badMargin(Float)
  /// A margin for a loss that has none.
  case noMargin(LossName)

  /// One line: what is wrong and what to do.
  public var description: String {
    switch self {
    case .unknownName(let name):
      "no loss is called \(quoted(name)); give one of \(LossName.allCases.map(\.rawValue).joined(separator: ", "))"
    case .badMargin(let margin): "the margin \(margin) is not a number from 0 up; give one"
    case .noMargin(let loss): "\(loss.rawValue) has no margin; give none, or choose another loss"
    }
  }
}
