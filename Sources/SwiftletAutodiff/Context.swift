// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The environment of a computation: the worker that computes, the model's weights, and an optional tape that records
/// it. With and without a tape the results have the same bits.
///
/// Ops that read weights are methods of the context, all others are methods of ``Variable``. Each op is in one file:
/// the forward pass, then the recorded operation with the backward pass.
package struct Context {
  package var kernels: Kernels { parts.kernels }
  package var worker: Worker { parts.worker }
  package var tape: Tape? { parts.tape }

  /// The random numbers of dropout; nil for no dropout.
  package var dropout: DropoutMasks? { parts.dropout }

  /// One object, since each variable and each loop's closure has a copy of its context.
  private final class Parts {
    let kernels: Kernels
    let worker: Worker
    let tape: Tape?
    let dropout: DropoutMasks?
    let weights: Weights?

    init(kernels: Kernels, worker: Worker, tape: Tape?, dropout: DropoutMasks?, weights: Weights?) {
      self.kernels = kernels
      self.worker = worker
      self.tape = tape
      self.dropout = dropout
      self.weights = weights
    }
  }

  private let parts: Parts

  /// A context for a model's passes.
  package init(weights: Weights, worker: Worker, tape: Tape? = nil, dropout: DropoutMasks? = nil) {
    self.init(kernels: weights.kernels, worker: worker, tape: tape, dropout: dropout, weights: weights)
  }

  /// A context for computations on tensors alone.
  package init(kernels: Kernels, worker: Worker, tape: Tape? = nil) {
    self.init(kernels: kernels, worker: worker, tape: tape, dropout: nil, weights: nil)
  }

  private init(kernels: Kernels, worker: Worker, tape: Tape?, dropout: DropoutMasks?, weights: Weights?) {
    parts = Parts(kernels: kernels, worker: worker, tape: tape, dropout: dropout, weights: weights)
  }

  /// The weights of the model.
  package var weights: Weights {
    guard let weights = parts.weights else { preconditionFailure("no model's weights belong to this computation") }
    return weights
  }

  /// The number format of matrix products.
  var precision: Precision { parts.weights?.precision ?? .float32 }

  /// The same environment with another tape, or none.
  package func with(_ tape: Tape?) -> Context {
    Context(kernels: kernels, worker: worker, tape: tape, dropout: dropout, weights: parts.weights)
  }

  /// An input of the computation. The tape, if any, records its gradient.
  package func input(_ tensor: Tensor) -> Variable { Variable(tensor, node: tape?.append(nil), in: self) }

  /// A constant in this computation, without a gradient.
  package func constant(_ tensor: Tensor) -> Variable { Variable(tensor, node: nil, in: self) }

  /// The context of an op's operands: that of a recorded operand, otherwise that of any operand with a context.
  ///
  /// If all operands are constants, nothing is recorded and the calling thread computes, in its own arithmetic: the bits are
  /// those of a pool's thread unless the program makes its threads flush subnormal numbers to 0 or round otherwise.
  package static func of(_ operands: Variable...) -> Context { of(operands) }

  /// As for single operands.
  package static func of(_ operands: [Variable]) -> Context {
    let recorded = operands.filter { $0.node != nil }
    for operand in recorded {
      precondition(
        operand.context?.tape === recorded[0].context?.tape, "an op on variables that two computations recorded")
    }
    return recorded.first?.context ?? operands.lazy.compactMap(\.context).first ?? .ofConstants
  }

  /// A wrong name in `SWIFTLET_CPU` is ignored here, as this cannot throw: loading weights reports it, and all paths give
  /// the same bits.
  private static var ofConstants: Context {
    Context(kernels: (try? Kernels.selected()) ?? .best, worker: .alone())
  }

  /// Memory for a result. The caller writes every element.
  package func result(_ shape: Int...) -> Tensor { result(shape: shape) }

  /// Memory for a result. The caller writes every element.
  package func result(shape: [Int]) -> Tensor { Tensor(uninitialized: shape, in: worker.workspace) }

  /// Zeros, to be added to.
  package func zeros(shape: [Int]) -> Tensor {
    let zeros = result(shape: shape)
    zeros.vector.fill(0)
    return zeros
  }

  /// The result of an op, on the tape if there is one.
  package func record(_ result: Tensor, _ operation: @autoclosure () -> some Operation) -> Variable {
    Variable(result, node: tape.map { $0.append(operation()) }, in: self)
  }

  /// Runs `body` on consecutive ranges that cover 0..<count, shared among the worker's threads if each range holds
  /// at least `grain` of them.
  package func forEachRange(_ count: Int, grain: Int, _ body: @escaping (Range<Int>) -> Void) {
    forEachRange(0..<count, grain: grain) { range, _ in body(range) }
  }

  /// The same for a body that needs temporary memory.
  ///
  /// - Parameter step: ranges begin at multiples of it, counted from the whole's beginning; the grain is rounded
  ///   down to one.
  package func forEachRange(
    _ whole: Range<Int>, step: Int = 1, grain: Int,
    _ body: @escaping (_ range: Range<Int>, _ scratch: inout Scratch) -> Void
  ) {
    // Four ranges a thread even out their times.
    let size = max(grain, whole.count / (worker.threadCount * 4))
    worker.forEachRange(whole, step: max(size / step, 1) * step, body)
  }
}
