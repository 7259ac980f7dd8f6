// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

struct LineReaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    ("", []),
    ("\n", [""]),
    ("one", ["one"]),
    ("one\n", ["one"]),
    ("one\r\ntwo\n\nfour\r", ["one", "two", "", "four\r"]),
    ("\u{FEFF}one\n\u{FEFF}two", ["one", "\u{FEFF}two"]),
    ("\u{FEFF}", [""]),
  ])
  func endsLinesAtLineFeeds(text: String, lines: [String]) throws {
    var reader = try LineReader(path: file(text.utf8))
    var read: [String] = []
    while let line = try reader.next() { read.append(line) }
    #expect(read.map { Array($0.utf8) } == lines.map { Array($0.utf8) })
    #expect(reader.hadByteOrderMark == text.hasPrefix("\u{FEFF}"))
    #expect((reader.lineCount, reader.byteCount) == (lines.count, text.utf8.count))
    #expect(try reader.next() == nil)
  }

  @Test func readsLinesLongerThanItsBuffer() throws {
    let lines = [1, 65_535, 65_536, 65_537, 200_000, 0, 3].map { String(repeating: "é", count: $0) }
    var reader = try LineReader(path: file(lines.joined(separator: "\n").utf8))
    for line in lines { #expect(try reader.next() == line) }
    #expect(try reader.next() == nil)
  }

  @Test func namesTheLineAndTheByteThatIsNotUTF8() throws {
    let path = try file(Array("good\nb".utf8) + [0xFF] + Array("\nnext".utf8))
    var reader = try LineReader(path: path)
    #expect(try reader.next() == "good")
    let error = #expect(throws: TextError.self) { try reader.next() }
    #expect(error?.problem == .notUTF8(offset: 1, byte: 0xFF))
    #expect(error?.description == "\(path): line 2: byte 2 (0xFF) is not UTF-8; convert the text to UTF-8")
    #expect(try reader.next() == "next")
  }

  /// The long line ends in the chunk of the file in which it passes the limit, some chunks later, or with the file.
  @Test(arguments: [101, 70_000, 400_000], ["\n", "\r\n"])
  func goesOnBehindALineThatIsTooLong(length: Int, end: String) throws {
    let long = String(repeating: "a", count: length)
    let text = ["one", long, "two", String(long.prefix(100)), long].joined(separator: end)
    var reader = try LineReader(path: file(text.utf8), maximumLength: 100)
    #expect(try reader.next() == "one")
    let error = #expect(throws: TextError.self) { try reader.next() }
    #expect(error?.problem == .tooLong(limit: 100) && error?.line == 2)
    #expect(try reader.next() == "two")
    #expect(reader.lineCount == 3 && reader.byteCount == length + 6 + 3 * end.utf8.count)
    #expect(try reader.next()?.utf8.count == 100)
    #expect(throws: TextError.self) { try reader.next() }
    #expect(try reader.next() == nil)
    #expect(reader.lineCount == 5 && reader.byteCount == text.utf8.count)
  }

  @Test(.enabled(if: canMeasureMemory)) func aLineThatIsTooLongTakesBoundedMemory() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let path = try folder.write([UInt8](repeating: 0x61, count: 16 << 20) + "\nnext".utf8, to: "lines")
      var reader = try LineReader(path: path, maximumLength: 1000)
      let peak = try peakMemory {
        _ = try? reader.next()
        guard try reader.next() == "next" else { throw CocoaError(.fileReadUnknown) }
      }
      guard peak < 4 << 20 else { throw CocoaError(.fileReadTooLarge) }
    }
  }

  @Test func anErrorIsThrownByNextNotWhereItIsAskedForWaitingLines() throws {
    let pipe = Pipe()
    var reader = LineReader(
      descriptor: pipe.fileHandleForReading.fileDescriptor, name: "pipe", maximumLength: 10)
    pipe.fileHandleForWriting.write(Data("one\n".utf8) + Data(repeating: 0x61, count: 20))
    var isWaiting = reader.isLineWaiting()
    #expect(isWaiting)
    #expect(try reader.next() == "one")
    // The line has no end yet, but it is already known to be too long.
    isWaiting = reader.isLineWaiting()
    #expect(isWaiting)
    #expect(throws: TextError.self) { try reader.next() }
    isWaiting = reader.isLineWaiting()
    #expect(!isWaiting)
    pipe.fileHandleForWriting.write(Data("aaa\ntwo\n".utf8))
    isWaiting = reader.isLineWaiting()
    #expect(isWaiting)
    #expect(try reader.next() == "two")
    // A descriptor that cannot be read.
    let broken = LineReader(descriptor: pipe.fileHandleForWriting.fileDescriptor, name: "pipe")
    try expectFailure(broken)
  }

  private func expectFailure(_ reader: consuming LineReader) throws {
    var reader = reader
    #expect(throws: FileError.self) { try reader.next() }
    #expect(throws: FileError.self) { try reader.next() }
  }

  @Test func refusesWhatIsNoFile() {
    #expect(throws: FileError.self) { try LineReader(path: folder.path).size }
    #expect(throws: FileError.self) { try LineReader(path: folder.path("none")).size }
  }

  @Test func readsNamedPipes() throws {
    let path = folder.path("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    let writer = Thread {
      FileHandle(forWritingAtPath: path)?.write(Data("one\ntwo".utf8))
    }
    writer.start()
    var reader = try LineReader(path: path)
    #expect(reader.size == nil)
    #expect(try reader.next() == "one")
    #expect(try reader.next() == "two")
    #expect(try reader.next() == nil)
  }

  @Test func waitsForADescriptorThatDoesNot() throws {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
    let writing = pipe.fileHandleForWriting
    let writer = Thread {
      Thread.sleep(forTimeInterval: 0.02)
      writing.write(Data("late\n".utf8))
    }
    writer.start()
    var reader = LineReader(descriptor: descriptor, name: "pipe")
    #expect(try reader.next() == "late")
  }

  @Test func tellsWhetherALineIsWaiting() throws {
    let pipe = Pipe()
    var reader = LineReader(descriptor: pipe.fileHandleForReading.fileDescriptor, name: "pipe")
    var isWaiting = reader.isLineWaiting()
    #expect(!isWaiting)
    pipe.fileHandleForWriting.write(Data("one\ntw".utf8))
    isWaiting = reader.isLineWaiting()
    #expect(isWaiting)
    #expect(try reader.next() == "one")
    isWaiting = reader.isLineWaiting()
    #expect(!isWaiting)
    pipe.fileHandleForWriting.write(Data("o".utf8))
    isWaiting = reader.isLineWaiting()
    #expect(!isWaiting)
    try pipe.fileHandleForWriting.close()
    // A process that another test starts holds the pipe, too, until it runs its own program.
    let deadline = ContinuousClock.now + .seconds(20)
    repeat { isWaiting = reader.isLineWaiting() } while !isWaiting && ContinuousClock.now < deadline
    #expect(isWaiting)
    #expect(try reader.next() == "two")
    #expect(try reader.next() == nil)
  }

  private func file(_ bytes: some Sequence<UInt8>) throws -> String {
    try folder.write(bytes, to: "lines.txt")
  }
}
