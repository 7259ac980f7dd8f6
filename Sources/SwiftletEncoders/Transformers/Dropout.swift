// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

/// A place in a model where training drops elements at random.
struct Dropout: Sendable {
  let probability: Double

  /// The number of the place in the model. It is part of the key of the random numbers.
  let op: Int

  /// The number of the first place in a module after the transformer, beyond those of any transformer.
  static let firstOpOfModules = 1 << 31

  func callAsFunction(_ x: Variable, _ sequenceStarts: [Int], in context: Context) -> Variable {
    context.dropped(x, probability: probability, op: op, sequenceStarts: sequenceStarts)
  }
}

/// Numbers the dropout places of a model in the order of its layers.
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
