// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// What a loss says of a batch.
public struct LossValue {
  /// The loss, `[1]`.
  public let value: Variable

  /// What it saw of the batch's distances.
  public let statistics: BatchStatistics

  /// A loss `[1]`, with statistics if there are any.
  public init(_ value: Variable, statistics: BatchStatistics = BatchStatistics()) {
    precondition(value.tensor.shape == [1], "a loss is one number, not \(value.tensor.shape)")
    self.value = value
    self.statistics = statistics
  }
}
