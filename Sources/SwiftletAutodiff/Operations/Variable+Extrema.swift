// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Context {
  /// The largest of some elements of each row: `[N, M]` to `[N]`; 0, without a gradient, where there are none.
  ///
  /// Of equal ones the first has the gradient. NaN counts as the largest.
  ///
  /// - Parameter isIncluded: whether an element takes part, by row and column.
  public func rowMaxima(
    of x: Variable, where isIncluded: (_ row: Int, _ column: Int) -> Bool = { _, _ in true }
  ) -> Variable {
    rowExtrema(of: x, where: isIncluded, sign: 1)
  }

  /// The smallest of some elements of each row: `[N, M]` to `[N]`; 0, without a gradient, where there are none.
  ///
  /// Of equal ones the first has the gradient. NaN counts as the smallest.
  ///
  /// - Parameter isIncluded: whether an element takes part, by row and column.
  public func rowMinima(
    of x: Variable, where isIncluded: (_ row: Int, _ column: Int) -> Bool = { _, _ in true }
  ) -> Variable {
    rowExtrema(of: x, where: isIncluded, sign: -1)
  }

  private func rowExtrema(
    of x: Variable, where isIncluded: (Int, Int) -> Bool, sign: Float
  ) -> Variable {
    let rows = x.tensor.shape[0], columns = x.tensor.shape[1]
    let places = (0..<rows).map { row in
      let values = x.tensor.buffer.base + row * columns
      var best: Int?
      for column in 0..<columns where isIncluded(row, column) {
        // Not `>`: NaN must win, and then stay.
        if let known = best, sign * values[column] <= sign * values[known] || values[known].isNaN { continue }
        best = column
      }
      return best.map { row * columns + $0 }
    }
    let y = result(rows)
    for (row, place) in places.enumerated() { y.buffer.base[row] = place.map { x.tensor.buffer.base[$0] } ?? 0 }
    return record(y, RowExtremaOperation(input: x, places: places))
  }
}

struct RowExtremaOperation: Operation {
  let input: Variable
  /// Where the extremum of each row was.
  let places: [Int?]

  /// With y_i = x_ij for the j that was chosen: dx_ij = dy_i.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = Tensor(uninitialized: input.tensor.shape, in: pass.context.worker.workspace)
    result.buffer.base.update(repeating: 0, count: result.count)
    for (row, place) in places.enumerated() {
      if let place { result.buffer.base[place] = gradient.buffer.base[row] }
    }
    pass.add(result, to: input)
  }
}
