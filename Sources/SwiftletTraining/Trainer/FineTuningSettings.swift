// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders
public import SwiftletTensors

/// Settings of fine-tuning that do not depend on the loss and the data.
public struct FineTuningSettings: Sendable, Equatable {
  /// What is trained. The raw values are the words of the command line, and `model_type` in config.json.
  public enum EncoderKind: String, CaseIterable, Sendable {
    /// A transformer, whose token vectors are pooled.
    case bert
    /// The mean of static word embeddings, then a linear map: a baseline without attention.
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

  /// How long training lasts.
  public enum Length: Sendable, Equatable {
    /// A number of passes over the data. One pass has as many batches as needed to see each text once on average.
    case epochs(Int)
    /// A number of updates of the weights.
    case steps(Int)
  }

  /// The architecture to train; nil: that of the model folder. With a transformer's folder, `wordAverage` starts from
  /// new weights and uses the folder's vocabulary.
  public var encoder: EncoderKind?
  /// How long training lasts.
  public var length = Length.epochs(1)
  /// The maximum number of texts of a piece, which are embedded together. More than 64 has an effect only if it covers the
  /// whole batch, which is then embedded once instead of twice. Small pieces need less memory and more time; the weights have
  /// the same bits.
  public var pieceSize = 64
  /// The number of batches whose gradients are averaged for one update.
  public var accumulation = 1
  /// The number format of the matrix products of updates: float32 or bfloat16. Losses and the gradients of attention are
  /// always computed in float32. Weights, moments, sums, evaluations and the tuned model are float32, too. bfloat16 takes some
  /// 0.6 of the time where the CPU has instructions for it; its bits may depend on the CPU.
  ///
  /// Micikevicius and others: Mixed precision training, ICLR 2018, arXiv:1710.03740; Kalamkar and others: A study of BFLOAT16
  /// for deep learning training, arXiv:1905.12322, 2019.
  public var precision = Precision.float32
  /// The settings of the optimizer, with parameter groups and frozen parameters.
  public var optimizer = AdamWSettings()
  /// How the learning rate changes after the warm-up.
  public var schedule = Schedule.linear
  /// The fraction of the updates in which the learning rate rises.
  public var warmupRatio = 0.1
  /// The dropout probability of hidden states and attention weights; nil: the value in config.json. Static embeddings
  /// have no dropout.
  public var dropout: Float?
  /// The pooling modes of a transformer; nil: the folder's.
  public var pooling: [PoolingMode]?
  /// Whether vectors are scaled to unit length; nil: the folder's setting.
  public var normalize: Bool?
  /// The maximum number of tokens of a text in updates, including special tokens; nil: the folder's. Evaluations and
  /// the tuned model keep the folder's value.
  public var maxLength: Int?
  /// The number of updates between evaluations; nil: one epoch.
  public var evaluationInterval: Int?
  /// The number of evaluations without a better score after which training stops; nil: it does not stop early.
  public var patience: Int?
  /// The number of updates between checkpoints.
  public var checkpointInterval = 500
  /// The seed of all random numbers.
  public var seed: UInt64 = 0
  /// The number of threads; nil: one for each processor. The weights do not depend on it.
  public var threadCount: Int?

  /// Creates the default settings.
  public init() {}
}
