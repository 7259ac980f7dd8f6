// SPDX-License-Identifier: Apache-2.0

/// An array that never changes, read through a pointer: its readers count no references, which costs time, most of all
/// where several threads count the same ones.
final class ConstantTable<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  /// Valid as long as the table is there.
  let elements: UnsafeBufferPointer<Element>

  /// Takes initialized memory over.
  init(adopting memory: UnsafeMutableBufferPointer<Element>) { elements = UnsafeBufferPointer(memory) }

  convenience init(_ elements: some Collection<Element>) {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
    _ = memory.initialize(fromContentsOf: elements)
    self.init(adopting: memory)
  }

  deinit { elements.deallocate() }
}
