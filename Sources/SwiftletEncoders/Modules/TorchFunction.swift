// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors

/// A function of vectors, by the name of its class in PyTorch: what follows the product in a Dense module, or makes
/// scores of a cross-encoder's logits. Arguments of the class have their defaults.
struct TorchFunction: Sendable {
  /// The class, for example `torch.nn.modules.activation.Tanh`.
  let className: String

  private let function: Function

  private enum Function: Sendable {
    /// A function of each element that a product can apply to its results.
    case kernel(Activation)
    /// A formula of ops.
    case formula(@Sendable (Variable) -> Variable)
  }

  /// Reads the name of a class at a key or a place in the file. A class that is not listed is reported.
  ///
  /// - Parameter default: the name of the class if the value is absent.
  init(_ config: inout ConfigurationReader, _ place: String, _ value: JSONValue?, default: String) {
    let value = value == .null ? nil : value
    let name = value.map { $0.string ?? $0.kind } ?? `default`
    className = name
    let found = TorchFunction.functions.first { function in
      TorchFunction.modules.contains { "\($0).\(function.key)".utf8.elementsEqual(name.utf8) }
    }
    if let value, value.string == nil {
      config.report(.wrongType(key: place, wanted: "a string", found: value.kind))
    } else if found == nil {
      config.report(.unsupported(key: place, value: name, supported: TorchFunction.functions.map(\.key)))
    }
    function = found?.value ?? .kernel(.identity)
  }

  /// max(x, 0)
  static let relu = TorchFunction(className: "torch.nn.modules.activation.ReLU", function: .kernel(.relu))

  private init(className: String, function: Function) {
    self.className = className
    self.function = function
  }

  /// f(x W^T + b)
  func callAsFunction(_ x: Variable, _ linear: Linear, in context: Context) -> Variable {
    switch function {
    case .kernel(let activation): context.linear(x, linear, activation: activation)
    case .formula(let formula): formula(context.linear(x, linear))
    }
  }

  /// f(x)
  func callAsFunction(_ x: Variable) -> Variable {
    switch function {
    case .kernel(.identity): x
    case .kernel(let activation): x.map(activation)
    case .formula(let formula): formula(x)
    }
  }

  static let identity = "torch.nn.modules.linear.Identity"
  static let sigmoid = "torch.nn.modules.activation.Sigmoid"
  static let tanh = "torch.nn.modules.activation.Tanh"

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
    // Of each row, as PyTorch does for a matrix.
    "Softmax": .formula { ($0 - $0.rowLogSumExps().reshaped([$0.shape[0], 1])).exponential() },
  ]
}
