// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// How to embed, where it differs from what a model's folder says.
public struct EncoderSettings: Sendable {
  /// How a text's token vectors become one; the vectors of several modes are concatenated in this order.
  /// nil: the folder's.
  public var pooling: [PoolingMode]?

  /// true: the finished vector is scaled to unit length, also after a cut; false: no vector is; nil: the folder's.
  public var normalize: Bool?

  /// The most tokens of a text, special ones included; nil: the folder's.
  public var maxLength: Int?

  /// The vector's first dimensions that are kept; nil: all.
  public var truncateDimension: Int?

  /// What numbers products with weights are computed in.
  public var precision = Precision.float32

  /// How many threads may work at a time; nil: one for each processor that the process may use, shared by all
  /// encoders of the process.
  public var threadCount: Int?

  /// Whether weights may be NaN or infinite, and vectors so too; false: such a checkpoint is an error.
  public var allowsNonFiniteWeights = false

  /// Settings that leave everything to the model's folder, except what is given.
  public init(
    pooling: [PoolingMode]? = nil, normalize: Bool? = nil, maxLength: Int? = nil, truncateDimension: Int? = nil,
    precision: Precision = .float32, threadCount: Int? = nil
  ) {
    self.pooling = pooling
    self.normalize = normalize
    self.maxLength = maxLength
    self.truncateDimension = truncateDimension
    self.precision = precision
    self.threadCount = threadCount
  }
}
