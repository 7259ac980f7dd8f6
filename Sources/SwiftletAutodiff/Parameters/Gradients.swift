// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The gradients of a model's parameters, into which backward passes add token by token in the order of the batch.
package final class Gradients: @unchecked Sendable {
  // SAFETY: belongs to one trainer; threads of its team write different elements.

  package let layout: ParameterLayout

  /// The indices of the parameters that are not trained. Their gradients are undefined.
  package let frozen: Set<Int>

  private let dense: TensorBuffer
  private let tables: [Int: RowGradients]

  package init(_ layout: ParameterLayout, frozen: Set<Int> = []) {
    self.layout = layout
    self.frozen = frozen
    dense = TensorBuffer(count: layout.count)
    tables = Dictionary(
      uniqueKeysWithValues: layout.list.tables.filter { !frozen.contains($0.index) }.map {
        ($0.index, RowGradients(rows: $0.shape[0], columns: $0.shape[1]))
      })
    clear()
  }

  /// All dense gradients, in the layout's order.
  package var vector: VectorView { VectorView(dense) }

  /// The gradient of a parameter that is no embedding table.
  package subscript(_ parameter: Parameter) -> VectorView { slice(layout[parameter]) }

  /// The gradient of an embedding table; nil if it is frozen.
  package func table(_ parameter: Parameter) -> RowGradients? { tables[parameter.index] }

  /// A range of the layout.
  package func slice(_ range: Range<Int>) -> VectorView { VectorView(dense, range) }

  /// Whether any of some parameters is trained.
  package func wants(_ parameters: Parameter...) -> Bool { wants(parameters) }

  package func wants(_ parameters: [Parameter]) -> Bool { parameters.contains { !frozen.contains($0.index) } }

  /// Sets all gradients to 0.
  package func clear() {
    vector.fill(0)
    for table in tables.values { table.clear() }
  }
}
