// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// A backward pass along a tape, from its end. Each operation turns the gradient of its result into those of its
/// inputs.
package final class BackwardPass {
  /// Weights, worker and dropout of the forward pass; no tape.
  package let context: Context

  /// The sums of the parameters' gradients; nil if none are wanted.
  package let gradients: Gradients?

  /// The gradients of operations still to come, by place on the tape.
  private var pending: [Tensor?]

  init(_ context: Context, length: Int, gradients: Gradients?) {
    self.context = context
    self.gradients = gradients
    pending = Array(repeating: nil, count: length)
  }

  /// Adds to the gradient of an op's operand; one that was not recorded has none.
  package func add(_ gradient: Tensor, to operand: Operand) {
    precondition(gradient.shape == operand.tensor.shape, "gradient \(gradient.shape) of \(operand.tensor.shape)")
    guard let node = operand.node else { return }
    guard var sum = pending[node] else { return pending[node] = gradient }
    pending[node] = nil
    sum.add(gradient, in: context)
    pending[node] = sum
  }

  func take(_ node: Int) -> Tensor? {
    defer { pending[node] = nil }
    return pending[node]
  }
}

extension Context {
  /// Runs the tape backward, which uses it up.
  ///
  /// - Parameters:
  ///   - result: a result of the computation.
  ///   - gradient: the gradient of `result`.
  ///   - gradients: takes the gradients of the parameters.
  ///   - inputs: variables that ``input(_:)`` made.
  /// - Returns: the gradients of `inputs`.
  package func backward(
    from result: Variable, _ gradient: Tensor, into gradients: Gradients? = nil, at inputs: [Variable] = []
  ) -> [Tensor] {
    guard let tape, result.node != nil else { preconditionFailure("nothing was recorded") }
    let pass = BackwardPass(with(nil), length: tape.count, gradients: gradients)
    pass.add(gradient, to: Operand(result))
    let wanted = Set(inputs.compactMap(\.node))
    for node in (0..<tape.count).reversed() where !wanted.contains(node) {
      let operation = tape.take(node)
      if let gradient = pass.take(node) { operation?.backward(gradient, in: pass) }
    }
    return inputs.map { input in
      input.node.flatMap(pass.take) ?? Tensor(zeros: input.tensor.shape)
    }
  }
}

extension Tensor {
  /// Adds another tensor of the same shape, element by element, in place unless the numbers are shared.
  fileprivate mutating func add(_ other: Tensor, in context: Context) {
    makeUnique(in: context.worker.workspace)
    let sum = vector
    context.forEachRange(count, grain: 16384) { range in context.kernels.add(other.vector[range], to: sum[range]) }
  }
}
