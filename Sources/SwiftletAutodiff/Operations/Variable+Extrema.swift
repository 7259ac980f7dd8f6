// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Variable {
  /// The largest number along an axis. The axis is removed, or kept with the extent 1.
  ///
  /// Of equal numbers the first one gets the gradient. NaN counts as the largest. The axis must have an element.
  public func max(axis: Int, keepsAxis: Bool = false) -> Variable { extrema(axis, keepsAxis, sign: 1) }

  /// The smallest number along an axis. The axis is removed, or kept with the extent 1.
  ///
  /// Of equal numbers the first one gets the gradient. NaN counts as the smallest. The axis must have an element.
  public func min(axis: Int, keepsAxis: Bool = false) -> Variable { extrema(axis, keepsAxis, sign: -1) }

  /// The largest of some elements of each row: `[N, M]` to `[N]`. A row without such elements gives 0 and no gradient.
  ///
  /// Of equal numbers the first one gets the gradient. NaN counts as the largest.
  ///
  /// - Parameter isIncluded: whether an element takes part, by row and column.
  public func rowMaxima(where isIncluded: (_ row: Int, _ column: Int) -> Bool = { _, _ in true }) -> Variable {
    rowExtrema(sign: 1, where: isIncluded)
  }

  /// The smallest of some elements of each row: `[N, M]` to `[N]`. A row without such elements gives 0 and no gradient.
  ///
  /// Of equal numbers the first one gets the gradient. NaN counts as the smallest.
  ///
  /// - Parameter isIncluded: whether an element takes part, by row and column.
  public func rowMinima(where isIncluded: (_ row: Int, _ column: Int) -> Bool = { _, _ in true }) -> Variable {
    rowExtrema(sign: -1, where: isIncluded)
  }

  private func rowExtrema(sign: Float, where isIncluded: (Int, Int) -> Bool) -> Variable {
    let (rows, columns) = matrixShape
    return chosen(
      tensor.withSpan { values in
        (0..<rows).map { row in
          extremum(in: values, at: stride(from: row * columns, to: (row + 1) * columns, by: 1), sign: sign) {
            isIncluded(row, $0 - row * columns)
          }
        }
      }, shape: [rows])
  }

  private func extrema(_ axis: Int, _ keepsAxis: Bool, sign: Float) -> Variable {
    precondition(shape.indices.contains(axis) && shape[axis] > 0, "no element along axis \(axis) of \(shape)")
    let inner = shape[(axis + 1)...].reduce(1, *), size = shape[axis] * inner
    var kept = shape
    kept[axis] = 1
    return chosen(
      tensor.withSpan { values in
        (0..<values.count / shape[axis]).map { result in
          let start = result / inner * size + result % inner
          return extremum(in: values, at: stride(from: start, to: start + size, by: inner), sign: sign)
        }
      }, shape: keepsAxis ? kept : shape.removing(axis))
  }

  /// The place of the largest or, by the sign, smallest of some elements; nil if there are none.
  private func extremum(
    in values: Span<Float>, at places: StrideTo<Int>, sign: Float,
    where isIncluded: (_ place: Int) -> Bool = { _ in true }
  ) -> Int? {
    var best: Int?
    for place in places where isIncluded(place) {
      // Not `>`: NaN must win, and then stay.
      if let known = best, sign * values[place] <= sign * values[known] || values[known].isNaN { continue }
      best = place
    }
    return best
  }

  /// The elements at some places in row-major order. nil gives 0 and no gradient.
  package func chosen(_ places: [Int?], shape: [Int]) -> Variable {
    let context = Context.of(self), y = context.result(shape: shape), x = tensor.vector
    for (index, place) in places.enumerated() { y.vector[index] = place.map { x[$0] } ?? 0 }
    return context.record(y, ExtremaOperation(input: Operand(self), places: places))
  }
}

private struct ExtremaOperation: Operation {
  let input: Operand
  /// Where each extremum was.
  let places: [Int?]

  /// With y_i = x_ij for the j that was chosen: dx_ij = dy_i.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = pass.context.zeros(shape: input.tensor.shape)
    for (index, place) in places.enumerated() {
      if let place { result.vector[place] = gradient.vector[index] }
    }
    pass.add(result, to: input)
  }
}
