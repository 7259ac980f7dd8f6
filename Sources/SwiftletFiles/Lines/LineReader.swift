// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The lines of a UTF-8 text, from a file or as they come through a pipe.
///
/// A line ends with LF or CRLF; the last one needs no end. A byte order mark at the start is dropped. Memory is
/// bounded by the longest line, not by the text.
public struct LineReader: ~Copyable {
  /// The file's path, or what a message calls the stream.
  public let name: String
  /// The size of the file in bytes, nil if it is no regular file.
  public let size: Int?
  /// How many lines were read: also the number of the last one, counted from 1.
  public private(set) var lineCount = 0
  /// How many bytes the lines read so far take, ends of lines included.
  public private(set) var byteCount = 0
  /// Whether the text starts with a byte order mark; known once the first line is read.
  public private(set) var hadByteOrderMark = false

  private let file: FileDescriptor
  private let maximumLength: Int
  private var buffer: [UInt8] = []
  /// Where in `buffer` the next line starts.
  private var start = 0
  /// Up to where the next line holds no LF.
  private var searched = 0
  private var isAtEnd = false

  private static let chunk = 1 << 16

  /// Opens a file; a named pipe is waited for until someone writes to it.
  ///
  /// - Parameter maximumLength: the most bytes a line may have.
  public init(path: String, maximumLength: Int = 1 << 28) throws(FileError) {
    let file = try FileDescriptor(path: path, flags: O_RDONLY)
    self.init(file, size: try LineReader.size(of: file), maximumLength)
  }

  /// Reads from an open descriptor, as 0 for standard input, which the caller closes if need be.
  public init(descriptor: Int32, name: String, maximumLength: Int = 1 << 28) {
    let file = FileDescriptor(borrowing: descriptor, path: name)
    self.init(file, size: (try? LineReader.size(of: file)) ?? nil, maximumLength)
  }

  private init(_ file: FileDescriptor, size: Int?, _ maximumLength: Int) {
    self.file = file
    name = file.path
    self.size = size
    self.maximumLength = maximumLength
  }

  private static func size(of file: FileDescriptor) throws(FileError) -> Int? {
    let status = try file.status()
    let kind = kindUnlessRegular(status)
    if kind == "directory" { throw FileError(path: file.path, reason: .notRegularFile(kind: "directory")) }
    return kind == nil ? Int(status.st_size) : nil
  }

  /// The next line without its end, nil after the last. A line that is an error is passed over.
  ///
  /// - Throws: `FileError`, or `TextError` for a line that is not UTF-8 or too long.
  public mutating func next() throws -> String? {
    while !isLineBuffered {
      try fill()
    }
    guard start < buffer.count else { return nil }
    lineCount += 1
    let hasLineFeed = searched < buffer.count
    let hasReturn = hasLineFeed && searched > start && buffer[searched - 1] == UInt8(ascii: "\r")
    let bytes = start..<(hasReturn ? searched - 1 : searched)
    if hasLineFeed { searched += 1 }
    byteCount += searched - start
    start = searched
    return try buffer.withUnsafeBufferPointer { try decode(UnsafeBufferPointer(rebasing: $0[bytes])) }
  }

  /// Whether `next` would return at once: a whole line has come, or the text has ended.
  public mutating func isLineWaiting() throws -> Bool {
    while !isLineBuffered {
      guard file.isReadable() else { return false }
      try fill()
    }
    return true
  }

  /// Looks for LF in what was read since the last look; true also at the end of the text.
  private var isLineBuffered: Bool {
    mutating get {
      let lineFeed = buffer.withUnsafeBytes { bytes -> Int? in
        guard searched < bytes.count, let start = bytes.baseAddress else { return nil }
        let found = memchr(start + searched, Int32(UInt8(ascii: "\n")), bytes.count - searched)
        return found.map { UnsafeRawPointer($0) - start }
      }
      searched = lineFeed ?? buffer.count
      return lineFeed != nil || isAtEnd
    }
  }

  /// Appends the next bytes of the file to those of an unfinished line.
  private mutating func fill() throws {
    guard buffer.count - start <= maximumLength else {
      throw TextError(name: name, line: lineCount + 1, reason: .tooLong(limit: maximumLength))
    }
    buffer.removeFirst(start)
    searched -= start
    start = 0
    let kept = buffer.count
    buffer += repeatElement(0, count: LineReader.chunk)
    let count = try buffer.withUnsafeMutableBytes { bytes throws(FileError) in
      try file.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[kept...]))
    }
    buffer.removeLast(LineReader.chunk - count)
    isAtEnd = count == 0
  }

  private mutating func decode(_ line: UnsafeBufferPointer<UInt8>) throws -> String {
    if let offset = firstInvalidUTF8(in: line) {
      throw TextError(name: name, line: lineCount, reason: .notUTF8(offset: offset, byte: line[offset]))
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    hadByteOrderMark = hadByteOrderMark || lineCount == 1 && line.starts(with: mark)
    let text = lineCount == 1 && hadByteOrderMark ? line.dropFirst(mark.count) : line[...]
    return String(decoding: text, as: UTF8.self)
  }
}
