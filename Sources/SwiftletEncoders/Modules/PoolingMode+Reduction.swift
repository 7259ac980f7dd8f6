// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

extension PoolingMode {
  /// The op that the mode names.
  var reduction: Reduction {
    switch self {
    case .cls: .first
    case .max: .max
    case .mean: .mean
    case .meanSqrtLength: .meanSqrtLength
    case .weightedMean: .weightedMean
    case .lastToken: .last
    }
  }
}
