// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Variable {
  /// Repeats the numbers along axes that are missing in front or have the extent 1, as NumPy's `broadcast_to` does.
  public func broadcast(to shape: [Int]) -> Variable {
    if shape == self.shape { return self }
    let context = Context.of(self)
    let source = Array(repeating: 1, count: Swift.max(shape.count - self.shape.count, 0)) + self.shape
    precondition(
      source.count == shape.count && zip(source, shape).allSatisfy { $0 == $1 || $0 == 1 },
      "\(self.shape) cannot be repeated to \(shape)")
    return context.record(
      context.repeated(tensor.reshaped(source), to: shape), BroadcastOperation(input: Operand(self), source: source))
  }

  /// Two variables in the shape that both can be repeated to.
  static func broadcast(_ x: Variable, _ y: Variable) -> (Variable, Variable) {
    if x.shape == y.shape { return (x, y) }
    let axes = Swift.max(x.shape.count, y.shape.count)
    func extent(_ shape: [Int], _ axis: Int) -> Int {
      let place = axis - axes + shape.count
      return place < 0 ? 1 : shape[place]
    }
    let shape = (0..<axes).map { axis in
      let (left, right) = (extent(x.shape, axis), extent(y.shape, axis))
      precondition(left == right || left == 1 || right == 1, "\(x.shape) and \(y.shape) do not go together")
      return left == 1 ? right : left
    }
    return (x.broadcast(to: shape), y.broadcast(to: shape))
  }
}

extension Context {
  /// - Parameter x: of as many axes as the shape.
  func repeated(_ x: Tensor, to shape: [Int]) -> Tensor {
    let y = result(shape: shape), source = x.vector, target = y.vector
    if y.count == 0 { return y }
    // A single number has no axis.
    guard let columns = shape.last, let sourceColumns = x.shape.last else { return x }
    for row in 0..<y.count / columns {
      // Which row of x: the row's indices but for those along repeated axes.
      var rest = row, sourceRow = 0, stride = 1
      for axis in shape.indices.dropLast().reversed() {
        let (quotient, index) = rest.quotientAndRemainder(dividingBy: shape[axis])
        if x.shape[axis] > 1 { sourceRow += index * stride }
        stride *= x.shape[axis]
        rest = quotient
      }
      let place = target[row * columns..<(row + 1) * columns]
      if sourceColumns == columns {
        place.copy(from: source[sourceRow * columns..<(sourceRow + 1) * columns])
      } else {
        place.fill(source[sourceRow])
      }
    }
    return y
  }
}

private struct BroadcastOperation: Operation {
  let input: Operand
  /// The input's shape with an extent for each axis of the result.
  let source: [Int]

  /// A number's gradient is the sum of those of its copies.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    var sum = gradient
    for axis in source.indices.reversed() where source[axis] == 1 && sum.shape[axis] != 1 {
      sum = pass.context.sum(of: sum, axis: axis)
    }
    pass.add(sum.reshaped(input.tensor.shape), to: input)
  }
}
