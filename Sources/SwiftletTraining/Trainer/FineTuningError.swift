// SPDX-License-Identifier: Apache-2.0

package import SwiftletEncoders
import SwiftletFiles

/// Thrown when a run of fine-tuning cannot begin or go on.
package enum FineTuningError: SwiftletError {
  /// A setting is outside its allowed range.
  case invalidSetting(name: String, value: String, allowed: String)
  /// The loss cannot be computed on this kind of data.
  case unsuitableData(loss: String, found: Dataset.Kind, model: ModelKind)
  /// The loss needs one label, and the cross-encoder has several.
  case severalLabels(Int)
  /// Cross-encoders are evaluated on pairs with labels only.
  case unsuitableEvaluation(Dataset.Kind)
  /// Three updates in a row had a loss or a gradient that is NaN or infinite. `rows` are rows of the data set, counted
  /// from 0; the message counts from 1.
  case diverged(step: Int, rows: [Int], learningRate: Double)
  /// The weights became NaN or infinite. They are not saved.
  case nonFiniteWeights(parameter: String, step: Int)
  /// The weights are so large that vectors are NaN or infinite. They are not saved.
  case nonFiniteVectors(step: Int)
  /// The output folder contains something else.
  case outputNotEmpty(path: String, holdsRun: Bool)
  /// The resumed run differs from the one in the folder. `fields` has a line for each difference.
  case differentRun(fields: [String])

  package var path: String? {
    if case .outputNotEmpty(let path, _) = self { path } else { nil }
  }

  package var reason: String { parts.reason }
  package var remedy: String { parts.remedy }

  private var parts: (reason: String, remedy: String) {
    switch self {
    case .invalidSetting(let name, let value, let allowed): return ("\(name) is \(escaped(value))", "give \(allowed)")
    case .unsuitableData(let loss, let found, let model):
      return ("the loss \(loss) cannot train on \(found)", "choose one of \(LossChoice.names(for: found, model))")
    case .severalLabels(let count):
      return ("the cross-encoder has \(count) labels, and losses need one", "give a cross-encoder with one label")
    case .unsuitableEvaluation(let found):
      return ("a cross-encoder cannot be evaluated on \(found)", "give pairs with labels: query, document, label")
    case .diverged(let step, let rows, let learningRate):
      let listed = rows.prefix(8).map { "\($0 + 1)" }.joined(separator: " ") + (rows.count > 8 ? " …" : "")
      return (
        "step \(step): loss or gradient is NaN or infinite for the third time in a row, at learning rate "
          + "\(learningRate), data rows \(listed)", "lower the learning rate, or look at these rows"
      )
    case .nonFiniteWeights(let parameter, let step):
      return ("step \(step): \(escaped(parameter)) is NaN or infinite and was not saved", "lower the learning rate")
    case .nonFiniteVectors(let step):
      return (
        "step \(step): the weights grew until vectors are NaN or infinite, and were not saved",
        "lower the learning rate"
      )
    case .outputNotEmpty(_, let holdsRun):
      return (
        "not empty",
        "choose another folder\(holdsRun ? ", or resume the run that it holds: --resume, in Swift resumes: true" : "")"
      )
    case .differentRun(let fields):
      let more = fields.count > 5 ? " and \(fields.count - 5) more" : ""
      return (
        "the run to resume differs: \(fields.prefix(5).joined(separator: "; "))\(more)",
        "give its settings, or start anew elsewhere"
      )
    }
  }
}
