// SPDX-License-Identifier: Apache-2.0

/// Memory for numbers that one piece of work needs for a moment, taken bit by bit by the code that knows how much it
/// needs.
///
/// Takes cost a few instructions: they come from one block, which grows to the largest need and is used again after
/// ``reset()``. Under a sanitizer each take is an allocation of exactly its size, so that no overflow stays hidden.
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

  /// Gives back all that was taken: its views are not to be used any more.
  package mutating func reset() { used = 0 }
}
