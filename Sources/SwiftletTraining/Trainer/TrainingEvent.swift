// SPDX-License-Identifier: Apache-2.0

/// An event in a run of a ``Trainer``.
public enum TrainingEvent: Sendable {
  /// Training starts with `step` of `stepCount` updates done. `step` is above 0 if the run is resumed.
  case started(step: Int, stepCount: Int)
  /// An update was done or skipped.
  case stepped(StepReport)
  /// The weights were evaluated after `step` updates; 0: before the first.
  case evaluated(step: Int, Evaluation)
  /// A checkpoint was written to the disk.
  case savedCheckpoint(step: Int)
  /// A non-fatal problem, in one line.
  case warned(String)
  /// Training is done, and the model folder has all files but the weights. The caller can add its own files now, before
  /// the weights make the folder complete.
  case completing(FineTuningResult)
  /// The run has ended. This is the last event.
  case ended(FineTuningResult)
}

extension TrainingEvent {
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
}
