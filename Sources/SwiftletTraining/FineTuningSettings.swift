// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders

/// How an encoder is fine-tuned, whatever the loss and its data.
public struct FineTuningSettings: Sendable, Equatable {
  /// What is trained. The raw values are the words of the command line, and `model_type` in config.json.
  public enum EncoderKind: String, CaseIterable, Sendable {
    /// A transformer, whose token vectors are pooled.
    case bert
    /// The mean of word embeddings, then a linear map: a baseline without attention. Only this package reads its folders.
    case wordAverage = "word-average"
  }

  /// How the learning rate changes after the warm-up.
  public enum Schedule: String, CaseIterable, Sendable {
    /// Falls in a straight line to 0.
    case linear
    /// Falls along half a wave of the cosine to 0.
    case cosine
    /// Does not change.
    case constant
  }

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
  /// How long training goes on.
  public var length = Length.epochs(1)
  /// How many texts go through the encoder at a time: less memory, more time, the same weights to the bit.
  public var pieceSize = 64
  /// How many batches' gradients are averaged for one update.
  public var accumulation = 1
  /// Learning rate, weight decay, the limit of the gradient's norm, parameter groups, frozen parameters.
  public var optimizer = AdamWSettings()
  /// How the learning rate goes on after the warm-up.
  public var schedule = Schedule.linear
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
