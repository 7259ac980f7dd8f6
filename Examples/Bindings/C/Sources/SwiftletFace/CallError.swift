// SPDX-License-Identifier: Apache-2.0

/// Thrown for a call that its arguments make impossible. Its description is the text that the caller gets.
enum CallError: Error, Equatable, CustomStringConvertible {
  /// A pointer is null where memory is needed.
  case null(String)
  /// A NUL-terminated text is not UTF-8.
  case notText(String)
  case unknown(String, kind: String, known: [String])
  /// A number that must not be negative.
  case negative(Int64, name: String)
  /// No encoder with this handle is open in this process.
  case notOpen(Int64)
  /// The shared threads belong to the process that this one was forked from.
  case sharedThreads
  case outputSize(Int64, needed: Int?, count: Int64)
  /// An offset that is below the one before it, or outside of the data.
  case offset(Int, index: Int, last: Int?, dataSize: Int)
  /// The bytes of a text are not UTF-8.
  case notUTF8(text: Int)

  var description: String {
    switch self {
    case .null(let name): "\(name) is a null pointer"
    case .notText(let name): "\(name) is not UTF-8"
    case .unknown(let name, let kind, let known):
      "unknown \(kind) \(name.prefix(64).debugDescription); give one of \(known.joined(separator: ", "))"
    case .negative(let number, let name): "\(name) is \(number); give 0 or more"
    case .notOpen(let handle):
      "encoder \(handle) is not open in this process; open it here: one that was opened before fork() works only there"
    case .sharedThreads:
      "one thread for each processor was started before fork(), where it stays; give a number of threads"
    case .outputSize(let size, let needed, let count):
      "output_size is \(size); \(count) texts need \(needed.map { "\($0) bytes" } ?? "more than there can be")"
    case .offset(let offset, let index, let last, let size):
      "offset \(index) is \(offset)" + (last.map { "; the one before it is \($0)" } ?? "") + "; data has \(size) bytes"
    case .notUTF8(let text): "text \(text) is not UTF-8"
    }
  }
}
