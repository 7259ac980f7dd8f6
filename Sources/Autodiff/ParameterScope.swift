// SPDX-License-Identifier: Apache-2.0

/// The walk over a model's parameters: each layer, as it is made, names its own and gets their places in the list.
package final class ParameterScope {
  private final class List { var parameters: [Parameter] = [] }

  private let prefix: String
  private let list: List

  /// The scope of a whole model.
  package convenience init() { self.init(prefix: "", list: List()) }

  private init(prefix: String, list: List) {
    self.prefix = prefix
    self.list = list
  }

  /// All parameters named so far, by their index.
  package var parameters: [Parameter] { list.parameters }

  /// The scope of a part: its names follow `name` and a dot.
  package subscript(_ name: String) -> ParameterScope { ParameterScope(prefix: "\(prefix)\(name).", list: list) }

  /// The next parameter.
  package func parameter(_ name: String, _ shape: Int...) -> Parameter {
    let parameter = Parameter(name: prefix + name, shape: shape, index: list.parameters.count)
    list.parameters.append(parameter)
    return parameter
  }
}
