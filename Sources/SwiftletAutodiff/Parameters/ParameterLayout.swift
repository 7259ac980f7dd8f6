// SPDX-License-Identifier: Apache-2.0

/// The places of a model's dense parameters, all except embedding tables, in one flat array of numbers.
///
/// Weights, their gradients and the optimizer's moments are arrays of this layout. The weights of a linear map's parts
/// lie one after the other, and so do their biases: each map is one matrix `[outputs, inputs]` and one vector.
package struct ParameterLayout: Sendable {
  package let list: ParameterList

  /// The length of such an array.
  package let count: Int

  private var starts: [Int]

  package init(_ list: ParameterList) {
    var starts = [Int](repeating: 0, count: list.parameters.count), count = 0
    func place(_ parameters: [Parameter]) {
      for parameter in parameters {
        starts[parameter.index] = count
        count += parameter.count
      }
      // A cache line is never shared by two maps.
      count = (count + 15) / 16 * 16
    }
    for linear in list.linears {
      place(linear.parts.map(\.weight))
      place(linear.biases)
    }
    for vector in list.vectors { place([vector]) }
    self.list = list
    self.count = count
    self.starts = starts
  }

  /// The place of a parameter that is no embedding table.
  package subscript(_ parameter: Parameter) -> Range<Int> {
    starts[parameter.index]..<starts[parameter.index] + parameter.count
  }

  /// The matrix `[outputs, inputs]` of a linear map.
  package func matrix(_ linear: Linear) -> Range<Int> {
    let start = starts[linear.parts[0].weight.index]
    return start..<start + linear.outputs * linear.inputs
  }

  /// The biases of a linear map; nil if it has none.
  package func bias(_ linear: Linear) -> Range<Int>? {
    guard let first = linear.biases.first else { return nil }
    let start = starts[first.index]
    return start..<start + linear.outputs
  }
}
