// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

/// One place in a model where elements are dropped while it is trained.
struct Dropout: Sendable {
  let probability: Double

  /// The place's number in the model: what its random numbers are keyed by.
  let op: Int

  func callAsFunction(_ x: Variable, _ sequenceStarts: [Int], in context: Context) -> Variable {
    context.dropped(x, probability: probability, op: op, sequenceStarts: sequenceStarts)
  }
}

/// Numbers a model's places of dropout in the order of its layers.
struct DropoutSites {
  private let configuration: BertConfiguration
  private var count = 0

  init(_ configuration: BertConfiguration) { self.configuration = configuration }

  /// Dropout of hidden states.
  mutating func hidden() -> Dropout { next(configuration.hiddenDropout) }

  /// Dropout of attention weights.
  mutating func attention() -> Dropout { next(configuration.attentionDropout) }

  private mutating func next(_ probability: Float) -> Dropout {
    defer { count += 1 }
    return Dropout(probability: Double(probability), op: count)
  }
}
