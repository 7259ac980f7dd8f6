// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletTensors

extension Gradients {
  /// The gradient of any parameter, with zeros for the rows of a table that have none; empty if it is frozen.
  package func values(of parameter: Parameter) -> [Float] {
    guard !frozen.contains(parameter.index) else { return [] }
    guard let table = table(parameter) else { return self[parameter].values }
    var values = [Float](repeating: 0, count: parameter.count)
    for (place, row) in table.rows.enumerated() {
      let start = Int(row) * table.columns
      values.replaceSubrange(start..<start + table.columns, with: table.values.row(place).values)
    }
    return values
  }
}
