// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The operations of a computation in the order they ran, with what their backward passes need. Confined to the
/// trainer that made it, and used up by one backward pass.
package final class Tape {
  private var operations: [(any Operation)?] = []

  package init() {}

  /// How many operations were recorded.
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

/// What a tape keeps of one op.
package protocol Operation {
  /// Adds what the gradient of the op's result means for its inputs, and for the parameters it read, to theirs.
  func backward(_ gradient: Tensor, in pass: BackwardPass)
}
