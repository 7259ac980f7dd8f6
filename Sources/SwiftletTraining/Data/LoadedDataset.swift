// SPDX-License-Identifier: Apache-2.0

/// A data set as it was read from a file.
public struct LoadedDataset: Sendable {
  /// The rows.
  public let dataset: Dataset
  /// How many bad rows were skipped.
  public let skippedRows: Int
  /// What is odd about the table but was put up with, a line each.
  public let warnings: [String]
}
