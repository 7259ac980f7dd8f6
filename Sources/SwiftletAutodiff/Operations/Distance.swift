// SPDX-License-Identifier: Apache-2.0

/// How far two vectors are from each other.
public enum Distance: String, CaseIterable, Sendable {
  /// |x - y|
  case euclidean
  /// |x - y|²
  case squaredEuclidean = "squared-euclidean"
  /// 1 - x·y / (|x| |y|)
  case cosine
}
