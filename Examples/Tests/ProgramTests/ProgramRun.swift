// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program of this package, run to its end.
struct ProgramRun {
  let exitCode: Int32
  let output: Data
  let errors: String

  /// What it wrote to standard output, as text.
  var text: String { String(decoding: output, as: UTF8.self) }
  /// The lines it wrote to standard error.
  var errorLines: [Substring] { errors.split(separator: "\n") }

  /// Runs `program` with `input` as its standard input.
  init(
    _ program: String, _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
  ) throws {
    let running = try RunningProgram(program, arguments, environment: environment)
    running.send(input)
    running.closeInput()
    self = running.waitUntilExit()
  }

  init(exitCode: Int32, output: Data, errors: String) {
    self.exitCode = exitCode
    self.output = output
    self.errors = errors
  }
}

/// A program of this package while it runs.
final class RunningProgram {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let errors = Pipe()

  var processIdentifier: Int32 { process.processIdentifier }

  init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    signal(SIGPIPE, SIG_IGN)
    process.executableURL = RunningProgram.folder.appendingPathComponent(program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    try process.run()
  }

  /// Where the programs are built: beside the test bundle.
  private static var folder: URL {
    #if os(macOS)
      Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }!.bundleURL.deletingLastPathComponent()
    #else
      Bundle.main.bundleURL
    #endif
  }

  func send(_ data: Data) {
    try? input.fileHandleForWriting.write(contentsOf: data)
  }

  func closeInput() {
    try? input.fileHandleForWriting.close()
  }

  /// The next line of standard output, waiting for it.
  func readLine() -> String {
    var line: [UInt8] = []
    while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }

  func closeOutput() {
    try? output.fileHandleForReading.close()
  }

  func waitUntilExit() -> ProgramRun {
    let results = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    let messages = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return ProgramRun(
      exitCode: process.terminationStatus, output: results, errors: String(decoding: messages, as: UTF8.self))
  }
}
