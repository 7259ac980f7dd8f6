// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Standard error, for all that is not a result.
public enum StandardError {
  /// Whether a person is looking on.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Whether a person looks on and types the input.
  package static let isConversation = isTerminal && isatty(STDIN_FILENO) == 1

  /// Writes `message` and a line feed.
  public static func print(_ message: String) {
    write(message + "\n")
  }

  /// Writes a message and a line feed if no reader has to be waited for: in a pipe there is then room for PIPE_BUF bytes
  /// (POSIX), and what is longer is cut.
  ///
  /// - Parameter message: called if it can be written.
  /// - Returns: whether it could.
  public static func printWithoutWaiting(_ message: () -> String) -> Bool {
    var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    guard poll(&descriptor, 1, 0) != 0 else { return false }
    print(String(decoding: message().utf8.prefix(Int(PIPE_BUF) - 1), as: UTF8.self))
    return true
  }

  /// Writes `text` as it is. Nothing can be done, or said, where that fails.
  package static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
