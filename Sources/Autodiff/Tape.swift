// SPDX-License-Identifier: Apache-2.0

/// The operations of a computation in the order they ran, with what their backward passes need. Confined to the
/// trainer that made it.
package final class Tape {
  package private(set) var operations: [any Operation] = []

  package init() {}

  /// Appends an operation and returns its place.
  func append(_ operation: any Operation) -> Int {
    operations.append(operation)
    return operations.count - 1
  }
}

/// What a tape keeps of one op.
package protocol Operation {
  /// What the op was computed from, each on the tape before it or an input of the computation.
  var inputs: [Variable] { get }
}
