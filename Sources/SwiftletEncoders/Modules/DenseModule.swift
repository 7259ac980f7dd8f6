// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles

/// A linear map of a text's vector and a function of each element, as sentence-transformers' Dense does:
/// f(x W^T + b), with the option of a residual: f(x W^T + b) + x, or + x V^T if the vectors have another length.
package struct DenseModule: EncoderModule {
  package static let typeName = "Dense"

  private let linear: Linear
  private let activation: TorchFunction
  private let residual: Residual?

  /// What is added to the result.
  private enum Residual {
    case input
    case projection(Linear)
  }

  /// Keys of this module in config.json.
  private enum Key {
    static let inputs = "in_features", outputs = "out_features", bias = "bias"
    static let activation = "activation_function", residual = "use_residual"
  }

  package init(folder: String, place: Int, inputs: Int, scope: ParameterScope) throws {
    var config = try ConfigurationReader(path: joinPath(folder, "config.json"))
    config.expectSize(Key.inputs, inputs)
    let outputs = config.integer(Key.outputs, in: 1...1 << 20)
    let hasBias = config.bool(Key.bias, default: true), hasResidual = config.bool(Key.residual, default: false)
    activation = TorchFunction(&config, Key.activation, config[Key.activation], default: TorchFunction.tanh)
    for key in ["module_input_name", "module_output_name"] { config.expect(key, "sentence_embedding") }
    try config.finish()
    linear = DenseModule.linear(inputs, outputs, hasBias: hasBias, scope)
    if hasResidual {
      residual =
        inputs == outputs
        ? .input : .projection(scope.linear("residual", inputs: inputs, outputs: outputs, hasBias: false))
    } else {
      residual = nil
    }
  }

  /// f(x W^T + b), without a residual.
  init(inputs: Int, outputs: Int, activation: TorchFunction, scope: ParameterScope) {
    linear = DenseModule.linear(inputs, outputs, hasBias: true, scope)
    self.activation = activation
    residual = nil
  }

  private static func linear(_ inputs: Int, _ outputs: Int, hasBias: Bool, _ scope: ParameterScope) -> Linear {
    scope.linear("linear", inputs: inputs, outputs: outputs, hasBias: hasBias)
  }

  package func write(to folder: String) throws {
    var config: JSONObject = [
      Key.inputs: .number(JSONNumber(linear.inputs)), Key.outputs: .number(JSONNumber(linear.outputs)),
      Key.bias: .bool(!linear.biases.isEmpty), Key.activation: .string(activation.className),
    ]
    // Older versions do not know the key.
    if residual != nil { config[Key.residual] = .bool(true) }
    try JSONValue.object(config).write(to: joinPath(folder, "config.json"))
  }

  package var tensors: [NamedParameter] {
    var tensors = linear.parts.map { NamedParameter(name: "linear.weight", parameter: $0.weight) }
    tensors += linear.biases.map { NamedParameter(name: "linear.bias", parameter: $0) }
    if case .projection(let map) = residual {
      tensors += map.parts.map { NamedParameter(name: "residual.weight", parameter: $0.weight) }
    }
    return tensors
  }

  package var inputs: Int? { linear.inputs }

  package func dimension(of inputs: Int) -> Int { linear.outputs }

  package var summary: String { "Dense \(activation.className)\(residual == nil ? "" : " residual")" }

  package func callAsFunction(_ features: Features, in context: Context) -> Features {
    let x = features.vectors, y = activation(x, linear, in: context)
    switch residual {
    case nil: return features.replacingVectors(y)
    case .input: return features.replacingVectors(y + x)
    case .projection(let map): return features.replacingVectors(y + context.linear(x, map))
    }
  }
}
