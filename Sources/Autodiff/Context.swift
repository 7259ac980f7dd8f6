// SPDX-License-Identifier: Apache-2.0

package import TensorCore

/// Where a model's forward pass runs: the weights it reads, the worker that computes, and the tape, if any, that
/// records. With and without a tape the pass gives the same bits.
///
/// The ops are extensions, a file each: the forward pass, then what the tape keeps.
package struct Context {
  package let weights: Weights
  package let worker: Worker
  package let tape: Tape?

  var kernels: Kernels { weights.kernels }

  package init(weights: Weights, worker: Worker, tape: Tape? = nil) {
    self.weights = weights
    self.worker = worker
    self.tape = tape
  }

  /// Memory for a result; every element is to be written.
  func result(_ shape: Int...) -> Tensor { Tensor(uninitialized: shape, in: worker.workspace) }

  /// The result of an op, on the tape if there is one.
  func record(_ result: Tensor, _ operation: @autoclosure () -> some Operation) -> Variable {
    Variable(result, node: tape.map { $0.append(operation()) })
  }

  /// Runs `body` on consecutive ranges that cover 0..<count, shared among the worker's threads if each range holds
  /// at least `grain` of them.
  func forEachRange(_ count: Int, grain: Int, _ body: @escaping (Range<Int>) -> Void) {
    // Four ranges a thread even out their times.
    let size = max(grain, count / (worker.threadCount * 4), 1)
    guard worker.threadCount > 1, count > size else { return body(0..<count) }
    worker.forEach((count + size - 1) / size) { index in
      body(index * size..<min(count, (index + 1) * size))
    }
  }
}
