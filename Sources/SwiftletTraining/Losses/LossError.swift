// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Thrown when a loss and its parameters do not go together.
package enum LossError: SwiftletError, Equatable {
  /// None of the losses has this name.
  case unknownName(String, known: [String])
  /// The margin is negative or not finite.
  case badMargin(Float)
  /// The scale is not positive or not finite.
  case badScale(Float)
  /// A margin was given for a loss that has none.
  case noMargin(loss: String)
  /// A scale was given for a loss that has none.
  case noScale(loss: String)
  /// A distance was given for a loss that has its own.
  case noDistance(loss: String)
  /// A Matryoshka loss has no dimensions.
  case noDimensions
  /// Vectors cannot be cut to this dimension.
  case badDimension(Int, of: Int)
  /// The dimension is given twice.
  case repeatedDimension(Int)
  /// The weight of a dimension is negative or not finite.
  case badWeight(Float)
  /// A loss of logits cannot be the base of a Matryoshka loss.
  case noMatryoshka(loss: String)

  package var path: String? { nil }
  package var reason: String { parts.reason }
  package var remedy: String { parts.remedy }

  private var parts: (reason: String, remedy: String) {
    switch self {
    case .unknownName(let name, let known):
      return ("no loss is called \(quoted(name))", "give one of \(known.joined(separator: ", "))")
    case .badMargin(let margin): return ("the margin \(margin) is not a number from 0 up", "give one")
    case .badScale(let scale): return ("the scale \(scale) is not a number above 0", "give one")
    case .noMargin(let loss): return ("\(loss) has no margin", "give none, or choose another loss")
    case .noScale(let loss): return ("\(loss) has no scale", "give none, or choose another loss")
    case .noDistance(let loss): return ("\(loss) has its own measure", "give no distance, or choose another loss")
    case .noDimensions: return ("there are no dimensions to cut vectors to", "give one or more")
    case .badDimension(let dimension, let full):
      return ("vectors of \(full) features cannot be cut to \(dimension)", "give dimensions from 1 to \(full)")
    case .repeatedDimension(let dimension): return ("the dimension \(dimension) is given twice", "give it once")
    case .badWeight(let weight): return ("the weight \(weight) of a dimension is not a number from 0 up", "give one")
    case .noMatryoshka(let loss):
      return (
        "\(loss) is a loss of logits and takes whole vectors",
        "give no dimensions to cut them to, or choose another loss"
      )
    }
  }
}
