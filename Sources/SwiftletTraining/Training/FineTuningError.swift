// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Why a run of fine-tuning cannot begin or go on.
public enum FineTuningError: Error, Sendable, CustomStringConvertible {
  /// A setting is outside what makes sense.
  case invalidSetting(name: String, value: String, allowed: String)
  /// The loss does not go with the data.
  case unsuitableData(loss: String, found: Dataset.Kind)
  /// Three updates in a row had a loss or a gradient that is NaN or infinite.
  /// The rows are those of the data set, counted from 0; the message counts from 1.
  case diverged(step: Int, rows: [Int], learningRate: Double)
  /// The weights became NaN or infinite: they are not saved.
  case nonFiniteWeights(parameter: String, step: Int)
  /// The weights are so large that vectors are NaN or infinite: they are not saved.
  case nonFiniteVectors(step: Int)
  /// The output folder holds something else.
  case outputNotEmpty(path: String, holdsRun: Bool)
  /// A resumed run differs from the one it would continue: a line for each field.
  case differentRun(fields: [String])

  /// One line: what is wrong, what to do.
  public var description: String {
    switch self {
    case .invalidSetting(let name, let value, let allowed):
      "\(name) is \(escaped(value)); give \(allowed)"
    case .unsuitableData(let loss, let found):
      "the loss \(loss) cannot train on \(found); choose another loss, or name the columns"
    case .diverged(let step, let rows, let learningRate):
      "step \(step): loss or gradient is NaN or infinite for the third time in a row, at learning rate "
        + "\(learningRate), data rows \(rows.prefix(8).map { "\($0 + 1)" }.joined(separator: " "))"
        + "\(rows.count > 8 ? " …" : ""); lower the learning rate, or look at these rows"
    case .nonFiniteWeights(let parameter, let step):
      "step \(step): \(escaped(parameter)) is NaN or infinite and was not saved; lower the learning rate"
    case .nonFiniteVectors(let step):
      "step \(step): the weights grew until vectors are NaN or infinite, and were not saved; lower the learning rate"
    case .outputNotEmpty(let path, let holdsRun):
      "\(escaped(path)): not empty; choose another folder\(holdsRun ? ", or resume the run that it holds" : "")"
    case .differentRun(let fields):
      "the run to resume differs: \(fields.prefix(5).joined(separator: "; "))"
        + "\(fields.count > 5 ? " and \(fields.count - 5) more" : ""); give its settings, or start anew elsewhere"
    }
  }
}
