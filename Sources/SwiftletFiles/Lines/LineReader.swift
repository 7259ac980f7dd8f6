// SPDX-License-Identifier: Apache-2.0

/// The lines of a UTF-8 text, from a file or as they come through a pipe.
///
/// A line ends with LF or CRLF; the last one needs no end. A byte order mark at the start is dropped. Memory is
/// bounded by the longest line and by the longest that is allowed, not by the text.
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
  private var buffer: ContiguousArray<UInt8> = []
  /// Where in `buffer` the next line starts.
  private var start = 0
  /// Up to where the next line holds no LF.
  private var searched = 0
  private var isAtEnd = false
  /// Whether a line was too long and its end has not been read yet.
  private var isPassingOver = false
  /// An error that `isLineWaiting` met, for `next` to throw.
  private var failure: FileError?

  private static let chunk = 1 << 16

  /// Opens a file; a named pipe is waited for until someone writes to it.
  ///
  /// - Parameter maximumLength: the most bytes a line may have, its end not counted.
  public init(path: String, maximumLength: Int = 1 << 28) throws(FileError) {
    let file = try FileDescriptor(path: path, for: .reading)
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
    if status.kind == .directory { try status.requireRegular(path: file.path) }
    return status.kind == .regular ? status.size : nil
  }

  /// The next line without its end, nil after the last. After an error in a line the next call returns the line behind it.
  ///
  /// - Throws: `FileError`, or `TextError` for a line that is not UTF-8 or too long.
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
      throw TextError(name: name, line: lineCount, reason: .tooLong(limit: maximumLength))
    }
    return try text(of: line)
  }

  /// Whether `next` would return at once: a whole line has come, the text has ended, or there is an error to throw.
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

  /// Whether `next` need not read on: the end of the next line is there, the text has ended, or the line is too long.
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

  /// Looks for LF in what was read since the last look.
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
    buffer += repeatElement(0, count: LineReader.chunk)
    defer { buffer.removeLast(LineReader.chunk - count) }
    count = try buffer.withMutableRawSpan { (bytes) throws(FileError) in try file.read(into: &bytes, from: kept) }
    isAtEnd = count == 0
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The text of the line read last.
  private func text(of line: Range<Int>) throws(TextError) -> String {
    if let offset = firstInvalidUTF8(in: buffer.span.extracting(line)) {
      let reason = TextError.Reason.notUTF8(offset: offset, byte: buffer[line.lowerBound + offset])
      throw TextError(name: name, line: lineCount, reason: reason)
    }
    let markCount = lineCount == 1 && hadByteOrderMark ? LineReader.byteOrderMark.count : 0
    return String(decoding: buffer[line].dropFirst(markCount), as: UTF8.self)
  }
}
