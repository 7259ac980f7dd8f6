// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff

/// How AdamW steps, for all parameters and for groups of them.
///
/// Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019. The defaults are PyTorch's but for the rate.
public struct AdamWSettings: Sendable, Equatable {
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

  /// The learning rate that the schedule's factor multiplies.
  public var learningRate = 2e-5
  /// By what share of the learning rate a step shrinks the weights; biases and layer norms it leaves as they are.
  public var weightDecay = 0.01
  /// How much of the gradients' mean a step keeps.
  public var beta1 = 0.9
  /// How much of the squared gradients' mean a step keeps.
  public var beta2 = 0.999
  /// What keeps the division by the root of that mean from zero.
  public var epsilon = 1e-8
  /// The length to which longer gradients, those of all parameters taken as one vector, are cut; nil for any length.
  public var gradientNormLimit: Double? = 1
  /// Parameters with a rate or decay of their own; where several match, the last that gives a value.
  public var groups: [ParameterGroup] = []
  /// Patterns of the names of parameters that stay as they are.
  public var frozen: [String] = []

  /// The defaults.
  public init() {}
}

/// The learning rate, before the schedule, and the weight decay of a parameter.
package struct ParameterRates: Sendable, Equatable {
  package var learningRate: Double
  package var weightDecay: Double
}

extension AdamWSettings {
  /// The rates of each parameter by its index; nil where it is frozen.
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
    !parameter.name.hasSuffix(".bias") && !parameter.name.hasSuffix("LayerNorm.weight")
  }
}
