// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// What a loss says of a batch.
public struct LossValue {
  /// The loss, `[1]`.
  public let value: Variable

  /// What it saw of the batch's distances.
  public let statistics: BatchStatistics

  /// A loss `[1]`, with statistics if there are any.
  public init(_ value: Variable, statistics: BatchStatistics = BatchStatistics()) {
    precondition(value.shape == [1], "a loss is one number, not \(value.shape)")
    self.value = value
    self.statistics = statistics
  }
}

/// The terms of a loss, of which it is the mean.
public struct LossTerms {
  /// The terms, `[N]`.
  public let values: Variable

  /// What the loss saw of the distances of these terms' anchors.
  public let statistics: BatchStatistics

  /// Terms `[N]`, with statistics if there are any.
  public init(_ values: Variable, statistics: BatchStatistics = BatchStatistics()) {
    precondition(values.shape.count == 1, "terms are a list, not of shape \(values.shape)")
    self.values = values
    self.statistics = statistics
  }
}
