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

  /// Writes `message` and a line feed.
  public static func print(_ message: String) {
    write(message + "\n")
  }

  /// Writes `text` as it is. Nothing can be done, or said, where that fails.
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
