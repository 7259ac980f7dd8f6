// SPDX-License-Identifier: Apache-2.0

/// The figures of one update of the weights.
public struct StepReport: Sendable {
  /// The number of the update, counted from 1.
  public let step: Int
  /// The number of passes over the data so far, including the fraction of the current one.
  public let epoch: Double
  /// The mean loss of the accumulated batches.
  public let loss: Float
  /// The statistics of the last batch.
  public let statistics: BatchStatistics
  /// The norm of the gradient before clipping.
  public let gradientNorm: Double
  /// The learning rate of parameters in no group.
  public let learningRate: Double
  /// The tokens processed in a second.
  public let tokensPerSecond: Double
  /// The time spent on updates in seconds, including earlier parts of a resumed run.
  public let seconds: Double
  /// Whether the update was skipped because the loss or the gradient was NaN or infinite.
  public let isSkipped: Bool

  package init(
    step: Int, epoch: Double, loss: Float, statistics: BatchStatistics, gradientNorm: Double, learningRate: Double,
    tokensPerSecond: Double, seconds: Double, isSkipped: Bool
  ) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.statistics = statistics
    self.gradientNorm = gradientNorm
    self.learningRate = learningRate
    self.tokensPerSecond = tokensPerSecond
    self.seconds = seconds
    self.isSkipped = isSkipped
  }
}
