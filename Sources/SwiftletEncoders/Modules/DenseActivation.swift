// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The function of each element in a Dense module, by the name of its class in PyTorch. Arguments of the class have
/// their defaults.
struct DenseActivation: Sendable {
  /// The class, for example `torch.nn.modules.activation.Tanh`.
  let className: String

  private let function: Function

  private enum Function: Sendable {
    /// A function that a product applies to its results.
    case kernel(Activation)
    /// A formula of ops.
    case formula(@Sendable (Variable) -> Variable)
  }

  /// Tanh if the key is absent. A class that is not listed is reported.
  init(_ config: inout ConfigurationReader, key: String) {
    let name = config.string(key) ?? DenseActivation.defaultName
    className = name
    let found = DenseActivation.functions.first { function in
      DenseActivation.modules.contains { "\($0).\(function.key)".utf8.elementsEqual(name.utf8) }
    }
    if found == nil {
      config.report(.unsupported(key: key, value: name, supported: DenseActivation.functions.map(\.key)))
    }
    function = found?.value ?? .kernel(.identity)
  }

  /// f(x W^T + b)
  func callAsFunction(_ x: Variable, _ linear: Linear, in context: Context) -> Variable {
    switch function {
    case .kernel(let activation): context.linear(x, linear, activation: activation)
    case .formula(let formula): formula(context.linear(x, linear))
    }
  }

  private static let defaultName = "torch.nn.modules.activation.Tanh"

  /// The modules that a class can be imported from.
  private static let modules = [
    "torch.nn.modules.activation", "torch.nn.modules.linear", "torch.nn.modules", "torch.nn",
  ]

  private static let functions: KeyValuePairs<String, Function> = [
    "Identity": .kernel(.identity), "Tanh": .kernel(.tanh), "ReLU": .kernel(.relu), "GELU": .kernel(.gelu),
    "SiLU": .kernel(.silu), "Sigmoid": .kernel(.sigmoid), "Softplus": .kernel(.softplus),
    "LeakyReLU": .formula { $0.relu() - 0.01 * (-$0).relu() },
    "ReLU6": .formula { pointwiseMin($0.relu(), 6) },
    "Hardtanh": .formula { pointwiseMin(pointwiseMax($0, -1), 1) },
    "LogSigmoid": .formula { -(-$0).softplus() },
    "Softsign": .formula { $0 / (1 + $0.absoluteValue()) },
  ]
}
