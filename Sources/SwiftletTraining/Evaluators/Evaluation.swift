// SPDX-License-Identifier: Apache-2.0

/// What an evaluator measured.
public struct Evaluation: Sendable, CustomStringConvertible {
  /// A number that is higher for better vectors; NaN where the data leaves it undefined.
  public struct Metric: Sendable {
    /// The name that programs and logs write, as `accuracy_at_1`.
    public let name: String
    /// Its value, mostly from 0 to 1.
    public let value: Double
  }

  /// All metrics.
  public let metrics: [Metric]

  /// The one by which the best of several models is chosen.
  public let main: Metric

  init(_ metrics: [(name: String, value: Double)], main: Int) {
    self.metrics = metrics.map { Metric(name: $0.name, value: $0.value) }
    self.main = self.metrics[main]
  }

  /// The value of the metric of this name; nil if there is none.
  public subscript(name: String) -> Double? { metrics.first { $0.name == name }?.value }

  /// Names and values on one line.
  public var description: String { metrics.map { "\($0.name) \($0.value)" }.joined(separator: ", ") }
}
