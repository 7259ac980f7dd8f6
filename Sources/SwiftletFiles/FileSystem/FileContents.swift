// SPDX-License-Identifier: Apache-2.0

/// The bytes of a file, for as long as somebody keeps them: mapped, or read into memory.
///
/// A mapped file is opened at once, whatever its size, and its pages belong to the system's cache. If another process
/// cuts it short, reading what is gone ends this process (SIGBUS); removing or replacing the file is safe.
@safe
package final class FileContents: @unchecked Sendable {
  // SAFETY: nobody writes to the bytes after the initializer, and they stay where they are until the deinitializer.

  /// How the bytes of a file are held.
  package enum Access: Sendable {
    case mapped
    /// Safe from whatever others do to the file, in as much memory as it has bytes.
    case inMemory
  }

  package let path: String
  package let byteCount: Int
  private let base: UnsafeMutableRawPointer?
  private let access: Access

  /// - Throws: ``FileError``, also if the file changes while it is read into memory.
  package init(path: String, _ access: Access) throws(FileError) {
    let file = try InputFile(path: path)
    self.path = path
    self.access = access
    byteCount = file.size
    switch access {
    case .mapped: unsafe base = try file.map()
    case .inMemory:
      let memory = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
      unsafe base = unsafe memory
      // The span has all bytes of the memory, and ends before `memory` does.
      var bytes = unsafe MutableRawSpan(_unsafeStart: memory, byteCount: byteCount)
      // Should it throw, the deinitializer frees the memory: all properties are set.
      try file.read(at: 0, into: &bytes)
      try file.checkUnchanged()
    }
  }

  /// The bytes of a file that is open, mapped.
  ///
  /// - Throws: ``FileError``, also if the file has changed since it was opened.
  package init(mapping file: InputFile) throws(FileError) {
    path = file.path
    access = .mapped
    byteCount = file.size
    unsafe base = try file.map()
    try file.checkUnchanged()
  }

  deinit {
    guard let base = unsafe base else { return }
    switch access {
    case .mapped: unsafe System.unmapFile(base, byteCount: byteCount)
    case .inMemory: unsafe base.deallocate()
    }
  }

  /// Lends the bytes.
  package func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    guard let base = unsafe base else { return try body(Span()) }
    return try body(unsafe Span(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: byteCount))
  }

  /// Where the bytes are, for the tensor layer, which keeps this object while it uses them and never writes to them;
  /// nil for an empty file.
  @unsafe package var address: UnsafeMutableRawPointer? { unsafe base }
}
