// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A choice of a loss that cannot be followed.
public enum LossError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No loss has the name.
  case unknownName(String)
  /// A margin that is negative or no number.
  case badMargin(Float)
  /// A scale that is not above 0 or no number.
  case badScale(Float)
  /// A margin for a loss that has none.
  case noMargin(loss: String)
  /// A scale for a loss that has none.
  case noScale(loss: String)
  /// Another distance for a loss that has its own.
  case noDistance(loss: String)
  /// No dimension at all for a Matryoshka loss.
  case noDimensions
  /// A dimension that vectors do not have.
  case badDimension(Int, of: Int)
  /// A dimension that comes twice.
  case repeatedDimension(Int)
  /// A dimension's weight that is negative or no number.
  case badWeight(Float)
  /// A Matryoshka loss around one of logits.
  case noMatryoshka(loss: String)

  /// One line: what is wrong and what to do.
  public var description: String {
    switch self {
    case .unknownName(let name):
      "no loss is called \(quoted(name)); give one of \(LossRegistry.all.map { $0.name }.joined(separator: ", "))"
    case .badMargin(let margin): "the margin \(margin) is not a number from 0 up; give one"
    case .badScale(let scale): "the scale \(scale) is not a number above 0; give one"
    case .noMargin(let loss): "\(loss) has no margin; give none, or choose another loss"
    case .noScale(let loss): "\(loss) has no scale; give none, or choose another loss"
    case .noDistance(let loss): "\(loss) has its own measure; give no distance, or choose another loss"
    case .noDimensions: "there are no dimensions to cut vectors to; give one or more"
    case .badDimension(let dimension, let full):
      "vectors of \(full) features cannot be cut to \(dimension); give dimensions from 1 to \(full)"
    case .repeatedDimension(let dimension): "the dimension \(dimension) is given twice; give it once"
    case .badWeight(let weight): "the weight \(weight) of a dimension is not a number from 0 up; give one"
    case .noMatryoshka(let loss):
      "\(loss) is a loss of logits and takes whole vectors; give no dimensions to cut them to, or choose another loss"
    }
  }
}
