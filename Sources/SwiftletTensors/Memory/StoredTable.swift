// SPDX-License-Identifier: Apache-2.0

package import CSwiftletKernels

/// Rows of numbers kept as the file holds them, an embedding table: converted when a row is read.
package final class StoredTable: @unchecked Sendable {
  // SAFETY: written by `fill` in the initializer only, then read by any number of threads.

  package let rows: Int
  package let columns: Int
  package let storage: swlt_storage
  package let base: UnsafeMutableRawPointer

  private let memory: TensorBuffer

  /// - Parameter fill: writes all rows, as `storage` says, into the memory it is given.
  package init<Failure: Error>(
    rows: Int, columns: Int, storage: swlt_storage,
    filledBy fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    self.rows = rows
    self.columns = columns
    self.storage = storage
    let byteCount = rows * columns * storage.byteCount
    memory = TensorBuffer(count: (byteCount + 3) / 4)
    base = UnsafeMutableRawPointer(memory.base)
    try fill(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
  }
}

extension swlt_storage {
  /// Bytes a number.
  package var byteCount: Int {
    switch self {
    case SWLT_F16, SWLT_BF16: 2
    case SWLT_F64: 8
    default: 4
    }
  }
}
