// SPDX-License-Identifier: Apache-2.0

import BertEncoder
public import Checkpoint

extension Trainer {
  /// The length of a vector.
  public var dimension: Int { encoder.dimension }

  /// How a text's token vectors become one; several modes are concatenated.
  public var pooling: [PoolingMode] { encoder.pooling }

  /// Whether vectors have unit length.
  public var normalizes: Bool { encoder.normalizes }

  /// The most tokens of a text that training reads, special ones included.
  public var maxLength: Int { settings.maxLength ?? encoder.maxLength }
}
