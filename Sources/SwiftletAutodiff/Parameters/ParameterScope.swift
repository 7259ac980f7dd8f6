// SPDX-License-Identifier: Apache-2.0

/// Registers a model's parameters. Each layer names its parameters when it is made, and gets their places in the list.
package final class ParameterScope {
  private final class Root {
    var list: ParameterList
    init(_ list: ParameterList) { self.list = list }
  }

  private let prefix: String
  private let root: Root

  /// The scope of a whole model.
  ///
  /// - Parameter list: parameters that have their places already.
  package convenience init(after list: ParameterList = ParameterList()) { self.init(prefix: "", root: Root(list)) }

  private init(prefix: String, root: Root) {
    self.prefix = prefix
    self.root = root
  }

  /// The parameters registered so far.
  package var list: ParameterList { root.list }

  /// The scope of a part: its names follow `name` and a dot.
  package subscript(_ name: String) -> ParameterScope { ParameterScope(prefix: "\(prefix)\(name).", root: root) }

  /// A linear map from `inputs` numbers to `outputs` numbers for each part. A part's parameters are `weight` and, with
  /// `hasBias`, `bias`.
  package func linear(_ parts: String..., inputs: Int, outputs: Int, hasBias: Bool = true) -> Linear {
    let linear = Linear(
      parts: parts.map {
        Linear.Part(
          weight: self[$0].parameter("weight", [outputs, inputs]),
          bias: hasBias ? self[$0].parameter("bias", [outputs]) : nil)
      }, inputs: inputs, outputs: outputs * parts.count)
    root.list.linears.append(linear)
    return linear
  }

  /// A layer norm, whose parameters are `weight` and `bias`.
  package func layerNorm(_ name: String, features: Int, epsilon: Float) -> LayerNorm {
    let norm = LayerNorm(
      weight: self[name].parameter("weight", [features]), bias: self[name].parameter("bias", [features]),
      epsilon: epsilon)
    root.list.vectors += [norm.weight, norm.bias]
    return norm
  }

  /// An embedding table, whose parameter is `weight`.
  package func table(_ name: String, rows: Int, columns: Int) -> Parameter {
    let table = self[name].parameter("weight", [rows, columns])
    root.list.tables.append(table)
    return table
  }

  private func parameter(_ name: String, _ shape: [Int]) -> Parameter {
    let parameter = Parameter(name: prefix + name, shape: shape, index: root.list.parameters.count)
    root.list.parameters.append(parameter)
    return parameter
  }
}
