// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff

extension Gradients {
  /// The gradient of any parameter, with zeros for the rows of a table that have none; empty if it is frozen.
  package func values(of parameter: Parameter) -> [Float] {
    guard !frozen.contains(parameter.index) else { return [] }
    guard let table = table(parameter) else { return Array(self[parameter]) }
    var values = [Float](repeating: 0, count: parameter.count)
    for (place, row) in table.rows.enumerated() {
      for column in 0..<table.columns {
        values[Int(row) * table.columns + column] = table.base[place * table.columns + column]
      }
    }
    return values
  }
}
