// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff

/// Settings of the optimizer AdamW, for all parameters and for groups.
///
/// Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019. The defaults are PyTorch's except the learning
/// rate.
public struct AdamWSettings: Sendable, Equatable {
  /// A learning rate or weight decay for the parameters whose names match a pattern.
  public struct ParameterGroup: Sendable, Equatable {
    /// A pattern for parameter names, for example `encoder.layer.[0-3].*`: `*` matches any text, `?` any scalar, `[…]`
    /// one of a set, `[!…]` one outside the set.
    public var pattern: String
    /// The base learning rate; nil: that of the other parameters.
    public var learningRate: Double?
    /// The weight decay; nil: that of the other parameters, 0 for biases and layer norms.
    public var weightDecay: Double?

    /// Creates a group that overrides the given values.
    public init(_ pattern: String, learningRate: Double? = nil, weightDecay: Double? = nil) {
      self.pattern = pattern
      self.learningRate = learningRate
      self.weightDecay = weightDecay
    }
  }

  /// The base learning rate. The schedule multiplies it by a factor.
  public var learningRate = 2e-5
  /// The weight decay: a step multiplies weights by 1 minus this times the learning rate. Biases and layer norms do not
  /// decay.
  public var weightDecay = 0.01
  /// β1: the decay rate of the running mean of gradients.
  public var beta1 = 0.9
  /// β2: the decay rate of the running mean of squared gradients.
  public var beta2 = 0.999
  /// ε: added to the divisor to avoid a division by zero.
  public var epsilon = 1e-8
  /// The maximum norm of the gradient of all parameters. Larger gradients are scaled down to it; nil: no limit.
  public var gradientNormLimit: Double? = 1
  /// Groups of parameters with other rates. If several groups match a parameter, the last one with a value applies.
  public var groups: [ParameterGroup] = []
  /// Patterns of the names of frozen parameters.
  public var frozen: [String] = []

  /// Creates the default settings.
  public init() {}
}

/// The base learning rate and the weight decay of a parameter.
package struct ParameterRates: Sendable, Equatable {
  package var learningRate: Double
  package var weightDecay: Double
}

extension AdamWSettings {
  /// The rates of each parameter by its index; nil for frozen parameters.
  ///
  /// - Throws: ``ParameterPatternError`` if a pattern matches no parameter, or if all are frozen.
  package func rates(of parameters: [Parameter]) throws(ParameterPatternError) -> [ParameterRates?] {
    var rates: [ParameterRates?] = parameters.map {
      ParameterRates(learningRate: learningRate, weightDecay: AdamWSettings.decays($0) ? weightDecay : 0)
    }
    for group in groups {
      for index in try indices(of: group.pattern, in: parameters) {
        if let learningRate = group.learningRate { rates[index]?.learningRate = learningRate }
        if let weightDecay = group.weightDecay { rates[index]?.weightDecay = weightDecay }
      }
    }
    for pattern in frozen {
      for index in try indices(of: pattern, in: parameters) { rates[index] = nil }
    }
    if !parameters.isEmpty, rates.allSatisfy({ $0 == nil }) { throw .allFrozen }
    return rates
  }

  private func indices(
    of pattern: String, in parameters: [Parameter]
  ) throws(ParameterPatternError) -> [Int] {
    let matcher = NamePattern(pattern)
    let indices = parameters.filter { matcher.matches($0.name) }.map(\.index)
    if indices.isEmpty { throw .matchesNone(pattern: pattern, names: parameters.map(\.name)) }
    return indices
  }

  private static func decays(_ parameter: Parameter) -> Bool {
    // Vectors are biases, and scales of layer norms.
    parameter.shape.count > 1
  }
}
