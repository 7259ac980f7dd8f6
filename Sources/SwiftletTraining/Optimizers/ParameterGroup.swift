// SPDX-License-Identifier: Apache-2.0

/// A learning rate or a weight decay of their own for the parameters whose names match a pattern.
public struct ParameterGroup: Sendable, Equatable {
  /// A pattern for names in a checkpoint, as `encoder.layer.[0-3].*`: `*` is any text, `?` any scalar, `[…]` one of a
  /// set, `[!…]` one outside it.
  public var pattern: String
  /// The learning rate before the schedule; nil for that of the other parameters.
  public var learningRate: Double?
  /// The weight decay; nil for that of the other parameters, which is none on biases and layer norms.
  public var weightDecay: Double?

  /// A group that differs in the values that are given.
  public init(_ pattern: String, learningRate: Double? = nil, weightDecay: Double? = nil) {
    self.pattern = pattern
    self.learningRate = learningRate
    self.weightDecay = weightDecay
  }
}
