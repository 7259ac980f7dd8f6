// SPDX-License-Identifier: Apache-2.0

/// Reads a UTF-8 text line by line, from a file or a pipe.
///
/// A line ends with LF or CRLF; the last line needs no end. A byte order mark at the start is dropped. Memory grows
/// with the longest line, up to the limit for lines, not with the text.
public struct LineReader: ~Copyable {
  /// The file's path, or the stream's name in messages.
  public let name: String
  /// The size of the file in bytes, nil if it is not a regular file.
  public let size: Int?
  /// The number of lines read so far. This is also the number of the last line, counted from 1.
  public private(set) var lineCount = 0
  /// The number of bytes of the lines read so far, line ends included.
  public private(set) var byteCount = 0
  /// Whether the text starts with a byte order mark; known once the first line is read.
  public private(set) var hadByteOrderMark = false

  private let file: FileDescriptor
  private let maximumLength: Int
  private var buffer: ContiguousArray<UInt8> = []
  /// Where in `buffer` the next line starts.
  private var start = 0
  /// The next line has no LF before this index in `buffer`.
  private var searched = 0
  private var isAtEnd = false
  /// Whether a line was too long and its end has not been read yet.
  private var isPassingOver = false
  /// An error that `isLineWaiting` met, for `next` to throw.
  private var failure: FileError?

  /// How many bytes are asked for: twice as many, up to the limit, once they all come. A line at a time needs few.
  private var room = 1 << 12
  private static let mostRoom = 1 << 16

  /// Opens a file. Opening a named pipe waits until someone writes to it.
  ///
  /// - Parameters:
  ///   - path: the file or pipe.
  ///   - maximumLength: the maximum number of bytes in a line, without the line end.
  /// - Throws: ``SwiftletError`` if the file cannot be opened.
  public init(path: String, maximumLength: Int = 1 << 28) throws {
    let file = try FileDescriptor(path: path, for: .reading)
    self.init(file, size: try LineReader.size(of: file), maximumLength)
  }

  /// Reads from an open descriptor, for example 0 for standard input. The caller closes it if needed.
  ///
  /// - Parameters:
  ///   - descriptor: an open file, pipe or terminal.
  ///   - name: what messages call it.
  ///   - maximumLength: the maximum number of bytes in a line, without the line end.
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
    if status.kind == .directory { try status.requireRegular(path: file.path) }
    return status.kind == .regular ? status.size : nil
  }

  /// The next line without its end, nil after the last. After an error in a line the next call returns the line that
  /// follows.
  ///
  /// - Throws: ``SwiftletError`` if the file cannot be read; ``TextError`` for a line that is not UTF-8 or too long.
  public mutating func next() throws -> String? {
    while !isLineReady {
      try fill()
    }
    guard start < buffer.count else { return nil }
    lineCount += 1
    let hasLineFeed = searched < buffer.count
    let hasReturn = hasLineFeed && searched > start && buffer[searched - 1] == UInt8(ascii: "\r")
    let line = start..<(hasReturn ? searched - 1 : searched)
    if hasLineFeed { searched += 1 }
    byteCount += searched - start
    start = searched
    if lineCount == 1 { hadByteOrderMark = buffer[line].starts(with: LineReader.byteOrderMark) }
    guard line.count <= maximumLength else {
      isPassingOver = !hasLineFeed
      throw TextError(path: name, line: lineCount, problem: .tooLong(limit: maximumLength))
    }
    return try text(of: line)
  }

  /// Whether `next` would return at once: a complete line was received, the text has ended, or there is an error to
  /// throw.
  public mutating func isLineWaiting() -> Bool {
    while !isLineReady {
      guard file.isReadable() else { return false }
      do throws(FileError) {
        try fill()
      } catch {
        failure = error
        return true
      }
    }
    return true
  }

  /// Whether `next` can return without reading: the next line is complete or too long, or the text has ended.
  private var isLineReady: Bool {
    mutating get {
      var hasLineFeed = findLineFeed()
      if isPassingOver {
        isPassingOver = !hasLineFeed
        let end = hasLineFeed ? searched + 1 : searched
        byteCount += end - start
        (start, searched) = (end, end)
        if hasLineFeed { hasLineFeed = findLineFeed() }
      }
      // A CR at the end may belong to the line's end.
      return hasLineFeed || isAtEnd || buffer.count - start - 1 > maximumLength
    }
  }

  /// Searches for LF in the bytes that were not searched yet.
  private mutating func findLineFeed() -> Bool {
    let found = firstOffset(of: UInt8(ascii: "\n"), in: buffer.span, from: searched)
    searched = found ?? buffer.count
    return found != nil
  }

  /// Appends the next bytes of the file to those of an unfinished line.
  private mutating func fill() throws(FileError) {
    if let failure = failure.take() { throw failure }
    buffer.removeFirst(start)
    searched -= start
    start = 0
    let kept = buffer.count
    var count = 0
    buffer += repeatElement(0, count: room)
    defer { buffer.removeLast(buffer.count - kept - count) }
    count = try buffer.withMutableRawSpan { (bytes) throws(FileError) in try file.read(into: &bytes, from: kept) }
    isAtEnd = count == 0
    if count == room { room = min(2 * room, LineReader.mostRoom) }
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The text of the line read last.
  private func text(of line: Range<Int>) throws(TextError) -> String {
    if let offset = firstInvalidUTF8(in: buffer.span.extracting(line)) {
      let problem = TextError.Problem.notUTF8(offset: offset, byte: buffer[line.lowerBound + offset])
      throw TextError(path: name, line: lineCount, problem: problem)
    }
    let markCount = lineCount == 1 && hadByteOrderMark ? LineReader.byteOrderMark.count : 0
    return String(decoding: buffer[line].dropFirst(markCount), as: UTF8.self)
  }
}
