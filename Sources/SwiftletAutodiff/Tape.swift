// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The operations of a computation in the order they ran, with the data for their backward passes. It belongs to one
/// trainer, and one backward pass uses it up.
package final class Tape {
  private var operations: [(any Operation)?] = []

  package init() {}

  /// The number of recorded operations.
  package var count: Int { operations.count }

  /// Appends an operation and returns its place; nil stands for an input of the computation.
  func append(_ operation: (any Operation)?) -> Int {
    operations.append(operation)
    return operations.count - 1
  }

  /// Takes the operation at a place off the tape, and with it what it keeps in memory.
  func take(_ place: Int) -> (any Operation)? {
    defer { operations[place] = nil }
    return operations[place]
  }
}

/// A recorded operation with the data for its backward pass.
package protocol Operation {
  /// Computes the gradients of the op's inputs and parameters from that of its result, and adds them to the pass.
  func backward(_ gradient: Tensor, in pass: BackwardPass)
}
