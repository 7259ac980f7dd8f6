// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletTraining

/// All settings of a test's run except model and data.
@dynamicMemberLookup struct RunSettings {
  var settings = FineTuningSettings()
  var batches = BatchSettings()
  var loss: any NamedLoss.Type = BatchHardTripletLoss.self
  var parameters = LossChoice.Parameters()
  var matryoshkaDimensions: [Int]?

  subscript<Value>(dynamicMember member: WritableKeyPath<FineTuningSettings, Value>) -> Value {
    get { settings[keyPath: member] }
    set { settings[keyPath: member] = newValue }
  }

  subscript<Value>(dynamicMember member: WritableKeyPath<BatchSettings, Value>) -> Value {
    get { batches[keyPath: member] }
    set { batches[keyPath: member] = newValue }
  }

  subscript<Value>(dynamicMember member: WritableKeyPath<LossChoice.Parameters, Value>) -> Value {
    get { parameters[keyPath: member] }
    set { parameters[keyPath: member] = newValue }
  }

  /// A trainer of these settings.
  func trainer(
    model: String, data: Dataset, evaluation: Dataset? = nil, kernels: Kernels? = nil
  ) throws -> Trainer {
    try Trainer(
      model: model, data: data,
      loss: LossChoice(loss, parameters, matryoshkaDimensions: matryoshkaDimensions), batches: batches,
      evaluation: evaluation, settings: settings, kernels: kernels ?? Kernels.selected())
  }
}
