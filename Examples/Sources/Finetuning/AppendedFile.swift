// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that others may read while it grows.
struct AppendedFile: ~Copyable {
  private let path: String
  private let descriptor: CInt

  /// The file could not be opened or written to.
  struct Failure: Error, CustomStringConvertible {
    let path: String
    let operation: String
    let number: CInt

    var description: String { "\(path): cannot \(operation): \(String(cString: strerror(number))); check the path" }
  }

  /// Opens the file, or creates it.
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Failure(path: path, operation: "open", number: errno) }
  }

  /// Drops all but the first `count` bytes, unless it is a pipe or a terminal, which has none to drop.
  func cut(to count: Int) throws {
    guard ftruncate(descriptor, off_t(count)) == 0 || errno == EINVAL else {
      throw Failure(path: path, operation: "truncate", number: errno)
    }
  }

  deinit { close(descriptor) }

  /// Appends `bytes`.
  func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = write(descriptor, buffer.baseAddress! + done, buffer.count - done)
        if count < 0, errno != EINTR { throw Failure(path: path, operation: "write", number: errno) }
        done += max(count, 0)
      }
    }
  }
}
