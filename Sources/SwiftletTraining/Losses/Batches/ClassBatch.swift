// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of what a classifier makes of vectors: a number for each class.
public protocol ClassificationLoss: Sendable {
  /// The loss of a batch.
  ///
  /// - Parameters:
  ///   - logits: `[B, C]`
  ///   - labels: one a row, from 0 to C - 1.
  func callAsFunction(logits: Variable, labels: [Int], in context: Context) -> LossValue
}
