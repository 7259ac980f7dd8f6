// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// The loss of a batch, with statistics.
public struct LossValue {
  /// The loss, `[1]`.
  public let value: Variable

  /// The statistics of the batch's distances.
  public let statistics: BatchStatistics

  /// Creates the result from a loss `[1]` and optional statistics.
  public init(_ value: Variable, statistics: BatchStatistics = BatchStatistics()) {
    precondition(value.shape == [1], "a loss is one number, not \(value.shape)")
    self.value = value
    self.statistics = statistics
  }
}

/// The terms whose mean is the loss, with statistics.
public struct LossTerms {
  /// The terms, `[N]`.
  public let values: Variable

  /// The statistics of the distances of these anchors.
  public let statistics: BatchStatistics

  /// Creates the result from terms `[N]` and optional statistics.
  public init(_ values: Variable, statistics: BatchStatistics = BatchStatistics()) {
    precondition(values.shape.count == 1, "terms are a list, not of shape \(values.shape)")
    self.values = values
    self.statistics = statistics
  }
}
