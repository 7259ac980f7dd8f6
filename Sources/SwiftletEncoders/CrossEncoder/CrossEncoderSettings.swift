// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// Settings of a cross-encoder that override those of the model folder.
public struct CrossEncoderSettings: Sendable {
  /// The maximum number of tokens of a pair, including special tokens; nil: the folder's.
  public var maxLength: Int?

  /// The number format of products with weights.
  public var precision = Precision.float32

  /// The number of threads; nil: one for each processor that the process may use, shared by all encoders of the
  /// process.
  public var threadCount: Int?

  /// Whether NaN and infinite weights are accepted. If false, they are an error.
  public var allowsNonFiniteWeights = false

  /// Whether embedding tables stay in their file, of which only the rows that texts need are read. Loading takes less time and
  /// memory, and processes share what they read. A NaN in such a table is no error: it makes scores NaN. While the encoder
  /// is in use, the file may be replaced or removed, but not cut or written to: the system ends a process that reads what
  /// was cut off, or what a disk no longer gives.
  ///
  /// Tables in double precision, or at an odd place of the file, are read as usual.
  public var mapsEmbeddingTables = false

  /// Settings that override only the given values.
  public init(maxLength: Int? = nil, precision: Precision = .float32, threadCount: Int? = nil) {
    self.maxLength = maxLength
    self.precision = precision
    self.threadCount = threadCount
  }

  var ofEncoder: EncoderSettings {
    var settings = EncoderSettings(maxLength: maxLength, precision: precision, threadCount: threadCount)
    settings.allowsNonFiniteWeights = allowsNonFiniteWeights
    settings.mapsEmbeddingTables = mapsEmbeddingTables
    return settings
  }
}
