// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// Settings of an encoder that override those of the model folder.
public struct EncoderSettings: Sendable {
  /// The pooling modes; their vectors are concatenated in this order. nil: the folder's.
  public var pooling: [PoolingMode]?

  /// Whether vectors are scaled to unit length, also after they were shortened. nil: the folder's setting.
  public var normalize: Bool?

  /// The maximum number of tokens of a text, including special tokens; nil: the folder's.
  public var maxLength: Int?

  /// The number of leading dimensions to keep; nil: all.
  public var truncateDimension: Int?

  /// The number format of products with weights.
  public var precision = Precision.float32

  /// The number of threads; nil: one for each processor that the process may use, shared by all encoders of the
  /// process.
  public var threadCount: Int?

  /// Whether NaN and infinite weights are accepted. If false, they are an error.
  public var allowsNonFiniteWeights = false

  /// Whether embedding tables stay in their file, of which only the rows that texts need are read. Loading takes less time and
  /// memory, and processes share what they read. A NaN in such a table is no error: it makes vectors NaN. While the encoder
  /// is in use, the file may be replaced or removed, but not cut or written to: the system ends a process that reads what
  /// was cut off, or what a disk no longer gives.
  ///
  /// Tables in double precision, or at an odd place of the file, are read as usual. Training reads all.
  public var mapsEmbeddingTables = false

  /// Settings that override only the given values.
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
