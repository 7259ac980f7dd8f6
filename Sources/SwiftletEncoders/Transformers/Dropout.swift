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
  private let hiddenProbability: Float
  private let attentionProbability: Float
  private var count = 0

  init(hidden: Float, attention: Float) {
    hiddenProbability = hidden
    attentionProbability = attention
  }

  /// Dropout of hidden states.
  mutating func hidden() -> Dropout { next(hiddenProbability) }

  /// Dropout of attention weights.
  mutating func attention() -> Dropout { next(attentionProbability) }

  private mutating func next(_ probability: Float) -> Dropout {
    defer { count += 1 }
    return Dropout(probability: Double(probability), op: count)
  }
}
