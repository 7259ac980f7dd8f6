// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where results go: standard output, or a file that has its name only once it is complete.
package struct Output: ~Copyable {
  /// Nil for standard output.
  private var file: AtomicFile?
  /// Where standard output stood at the start, if it can be written to at any place.
  private let standardOutputStart: Int?

  /// Standard output could not be written to.
  struct StandardOutputError: Error, CustomStringConvertible {
    let number: CInt

    var description: String {
      let remedy = number == EPIPE ? "whoever read the results has closed the pipe" : "check where it leads"
      return "standard output: \(String(cString: strerror(number))); \(remedy)"
    }
  }

  /// - Parameter path: a file, or nil or "-" for standard output.
  package init(path: String?) throws {
    if let path, path != "-" {
      standardOutputStart = nil
      file = try Output.create(path)
    } else {
      standardOutputStart = Output.standardOutputIsFile ? Int(lseek(STDOUT_FILENO, 0, SEEK_CUR)) : nil
      file = nil
    }
  }

  /// A signal between the file's creation and the note of its name waits for the lock; else the file would stay behind.
  private static func create(_ path: String) throws -> AtomicFile {
    try Interruption.unfinishedFile.withLock { unfinishedFile in
      let file = try AtomicFile(path: path)
      unfinishedFile = file.temporaryPath
      return file
    }
  }

  /// Whether what was written first can be completed at the end: not where `path` leads to a pipe or a terminal.
  package static func canRewind(_ path: String?) -> Bool {
    if let path, path != "-" { true } else { standardOutputIsFile }
  }

  private static var standardOutputIsFile: Bool {
    var status = stat()
    let isFile = fstat(STDOUT_FILENO, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    return isFile && fcntl(STDOUT_FILENO, F_GETFL) & O_APPEND == 0
  }

  /// Appends `bytes`; they have left this process when the call returns.
  package func write(_ bytes: [UInt8]) throws {
    if file != nil {
      try file!.write(bytes)
    } else {
      try bytes.withUnsafeBytes { bytes in
        try writeToStandardOutput(bytes) { systemWrite(STDOUT_FILENO, $0, $1) }
      }
    }
  }

  /// Appends `bytes`. The compiler of Swift 6.3.1 crashes where a span meets an optional file: they are copied.
  package func write(_ bytes: RawSpan) throws { try write(bytes.withUnsafeBytes { Array($0) }) }

  /// Appends what `build` makes, and where it throws, what it made before: a bad line does not hold back the results of
  /// those before it.
  package func write(building build: (inout [UInt8]) throws -> Void) throws {
    var bytes: [UInt8] = []
    let result = Result { try build(&bytes) }
    try write(bytes)
    try result.get()
  }

  /// Writes `bytes` over the first ones.
  package func overwriteBeginning(_ bytes: [UInt8]) throws {
    if file != nil {
      try file!.overwrite(bytes, at: 0)
    } else if let standardOutputStart {
      try bytes.withUnsafeBytes { buffer in
        try writeToStandardOutput(buffer) { pwrite(STDOUT_FILENO, $0, $1, off_t(standardOutputStart)) }
      }
    }
  }

  /// Gives the file its name.
  package consuming func finish() throws {
    guard file != nil else { return }
    try file!.commit()
    Interruption.unfinishedFile.withLock { $0 = nil }
  }

  private func writeToStandardOutput(
    _ bytes: UnsafeRawBufferPointer, _ call: (UnsafeRawPointer, Int) -> Int
  ) throws {
    var rest = bytes[...]
    while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
      let count = call(start, rest.count)
      if count < 0, errno != EINTR { throw StandardOutputError(number: errno) }
      rest = rest.dropFirst(max(count, 0))
    }
  }
}
