// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
public import SwiftletEncoders

/// How an encoder is fine-tuned.
public struct FineTuningSettings: Sendable, Equatable {
  /// How long training goes on.
  public enum Length: Sendable, Equatable {
    /// Passes over the data: so many times as many batches as it takes to see each text once on average.
    case epochs(Int)
    /// Updates of the weights.
    case steps(Int)
  }

  /// What is trained; nil: what the model's folder holds. A word average begins anew in a BERT's folder, of which it
  /// takes the vocabulary.
  public var encoder: EncoderKind?
  /// What is minimised.
  public var loss = LossName.batchHardTriplet
  /// How the loss measures the distance of two vectors; nil: in the way of the loss.
  public var distance: Distance?
  /// The loss's margin; nil: the loss's own.
  public var margin: Float?
  /// What a loss of cosines multiplies them by; nil: the loss's own.
  public var scale: Float?
  /// The numbers of first features on each of which the loss is taken, too, so that vectors can be cut to them; nil:
  /// all features alone.
  public var matryoshkaDimensions: [Int]?
  /// How long training goes on.
  public var length = Length.epochs(1)
  /// P: how many labels a batch of labeled texts has.
  public var labelsPerBatch = 16
  /// K: how many texts of a label it has.
  public var samplesPerLabel = 4
  /// How many rows a batch of triplets or pairs has.
  public var batchSize = 64
  /// Where the negatives of labeled texts come from, for a loss of triplets, pairs or rankings.
  public var mining = Mining.inBatch
  /// How offline mining goes about it.
  public var offlineMining = OfflineMiningSettings()
  /// How many negatives are mined for an anchor.
  public var negativesPerAnchor = 1
  /// How many texts go through the encoder at a time: less memory, more time, the same weights to the bit.
  public var pieceSize = 64
  /// How many batches' gradients are averaged for one update.
  public var accumulation = 1
  /// Learning rate, weight decay, the limit of the gradient's norm, parameter groups, frozen parameters.
  public var optimizer = AdamWSettings()
  /// How the learning rate goes on after the warm-up.
  public var schedule = LearningRateSchedule.Decay.linear
  /// The share of the updates over which the learning rate rises.
  public var warmupRatio = 0.1
  /// The probability of dropout of hidden states and attention weights, which a word average has not; nil: as
  /// config.json says.
  public var dropout: Float?
  /// How a transformer's token vectors become one; nil: the folder's way.
  public var pooling: [PoolingMode]?
  /// Whether vectors have unit length; nil: the folder's way.
  public var normalize: Bool?
  /// The most tokens of a text in updates, special ones included; nil: the folder's. Evaluations and the tuned model
  /// keep the folder's.
  public var maxLength: Int?
  /// How many updates lie between evaluations; nil: those of an epoch.
  public var evaluationInterval: Int?
  /// After how many evaluations without a better score training ends; nil: it goes on.
  public var patience: Int?
  /// How many updates lie between checkpoints.
  public var checkpointInterval = 500
  /// What all random numbers follow from.
  public var seed: UInt64 = 0
  /// How many threads may work at a time; nil: one for each processor. Any number gives the same weights.
  public var threadCount: Int?

  /// The defaults.
  public init() {}
}
