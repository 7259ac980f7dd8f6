// SPDX-License-Identifier: Apache-2.0

/// The metrics that an evaluator computed.
public struct Evaluation: Sendable, CustomStringConvertible {
  /// A number that is higher for better vectors; NaN if the data leaves it undefined.
  public struct Metric: Sendable {
    /// The name in programs and logs, for example `accuracy_at_1`.
    public let name: String
    /// The value, in most cases from 0 to 1.
    public let value: Double
  }

  /// All metrics.
  public let metrics: [Metric]

  /// The metric that selects the best of several models.
  public let main: Metric

  /// Non-fatal problems of the vectors, one line each.
  public internal(set) var warnings: [String] = []

  init(_ metrics: [(name: String, value: Double)], main: Int) {
    self.metrics = metrics.map { Metric(name: $0.name, value: $0.value) }
    self.main = self.metrics[main]
  }

  /// The value of the metric of this name; nil if there is none.
  public subscript(name: String) -> Double? { metrics.first { $0.name == name }?.value }

  /// All names and values on one line.
  public var description: String { metrics.map { "\($0.name) \($0.value)" }.joined(separator: ", ") }
}
