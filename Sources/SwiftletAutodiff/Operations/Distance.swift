// SPDX-License-Identifier: Apache-2.0

/// A measure of the distance of two vectors.
public enum Distance: String, CaseIterable, Sendable {
  /// |x - y|
  case euclidean
  /// |x - y|²
  case squaredEuclidean = "squared-euclidean"
  /// 1 - x·y / (|x| |y|)
  case cosine
}
