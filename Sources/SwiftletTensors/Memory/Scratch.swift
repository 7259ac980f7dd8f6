// SPDX-License-Identifier: Apache-2.0

/// Temporary memory for numbers. The code that uses the memory asks for it, as only that code knows how much it needs.
///
/// Taking memory costs a few instructions: it comes from one block, which grows to the largest need and is reused after
/// ``reset()``. Under a sanitizer each request is an allocation of exactly its size, so that overflows are detected.
package struct Scratch {
  private let workspace: Workspace
  private var block: TensorBuffer?
  private var used = 0

  package init(_ workspace: Workspace) { self.workspace = workspace }

  /// Room for `count` numbers of any values.
  package mutating func take(_ count: Int) -> VectorView {
    if NumberMemory.isExact { return VectorView(workspace.buffer(count: count)) }
    if let block, block.count - used >= count {
      defer { used += (count + 15) / 16 * 16 }
      return VectorView(block, used..<used + count)
    }
    // What was taken from the block before stays valid: its views keep it.
    let block = workspace.buffer(count: max(count, 2 * (block?.count ?? 2048)))
    self.block = block
    used = (count + 15) / 16 * 16
    return VectorView(block, 0..<count)
  }

  /// Room for a matrix of any values.
  package mutating func take(rows: Int, columns: Int) -> MatrixView {
    let numbers = take(rows * columns)
    return MatrixView(numbers.buffer, offset: numbers.offset, rows: rows, columns: columns)
  }

  /// Gives back all memory that was taken. Its views must not be used any more.
  package mutating func reset() { used = 0 }
}
