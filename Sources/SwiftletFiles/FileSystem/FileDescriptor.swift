// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open file of the system, closed with its last reference if it was opened here.
final class FileDescriptor: Sendable {
  let number: Int32
  let path: String
  private let closes: Bool

  /// Takes over `number` as it is, and leaves closing it to the caller.
  init(borrowing number: Int32, path: String) {
    self.number = number
    self.path = path
    closes = false
  }

  /// Opens `path`; without `O_NONBLOCK` this waits for the writer of a named pipe.
  init(path: String, flags: Int32, mode: mode_t = 0) throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(path: path, reason: .invalidPath) }
    number = try uninterrupted("open", path) {
      open(path, flags | O_CLOEXEC | O_NOCTTY, mode)
    }
    self.path = path
    closes = true
  }

  deinit {
    if closes { close(number) }
  }

  func status() throws(FileError) -> stat {
    var status = stat()
    try uninterrupted("examine", path) { fstat(number, &status) }
    return status
  }

  /// Reads at least one byte unless the file is at its end; waits for it.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    while true {
      do throws(FileError) {
        return try uninterrupted("read", path) {
          #if canImport(Glibc)
            Glibc.read(number, buffer.baseAddress, buffer.count)
          #elseif canImport(Musl)
            Musl.read(number, buffer.baseAddress, buffer.count)
          #else
            Darwin.read(number, buffer.baseAddress, buffer.count)
          #endif
        }
      } catch {
        guard error.reason == .system(operation: "read", errno: EAGAIN) else { throw error }
        _ = isReadable(timeout: -1)
      }
    }
  }

  /// Whether a read would return at once, be it with bytes, with the end or with an error.
  func isReadable(timeout milliseconds: Int32 = 0) -> Bool {
    var request = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, milliseconds) > 0
  }
}

/// Calls the system again while a signal interrupts it; -1 becomes an error.
@discardableResult
func uninterrupted<Result: SignedInteger>(
  _ operation: String, _ path: String, _ call: () -> Result
) throws(FileError) -> Result {
  while true {
    let result = call()
    if result != -1 { return result }
    let code = errno
    if code != EINTR { throw FileError(path: path, reason: .system(operation: operation, errno: code)) }
  }
}

/// What a path leads to, in words, if it is not a regular file.
func kindUnlessRegular(_ status: stat) -> String? {
  switch status.st_mode & S_IFMT {
  case S_IFREG: nil
  case S_IFDIR: "directory"
  case S_IFIFO: "pipe"
  case S_IFSOCK: "socket"
  default: "device"
  }
}
