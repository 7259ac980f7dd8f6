// SPDX-License-Identifier: Apache-2.0

/// What one update of the weights did.
public struct StepReport: Sendable {
  /// The number of the update, counted from 1.
  public let step: Int
  /// How many times the data was passed over, the current pass in part.
  public let epoch: Double
  /// The loss: the mean over accumulated batches.
  public let loss: Float
  /// What the loss saw of the distances in the last batch.
  public let statistics: BatchStatistics
  /// The length of the gradient before it was cut to its limit.
  public let gradientNorm: Double
  /// The learning rate of parameters in no group.
  public let learningRate: Double
  /// Tokens of the batch a second.
  public let tokensPerSecond: Double
  /// Seconds since training began, those before a resumption included.
  public let seconds: Double
  /// Whether loss or gradient were NaN or infinite, so that nothing was changed.
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
