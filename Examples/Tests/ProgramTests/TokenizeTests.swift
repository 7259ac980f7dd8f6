// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import Testing

struct TokenizeTests {
  @Test func idsTokensAndJSONLinesShowTheSameTokens() throws {
    let text = "Hello, world!"
    #expect(try ProgramRun("tokenize", [text]).text == "101 7592 1010 2088 999 102\n")
    #expect(try ProgramRun("tokenize", ["--format", "tokens", text]).text == "[CLS] hello , world ! [SEP]\n")
    #expect(
      try ProgramRun("tokenize", ["--format", "jsonl", text]).text == """
        {"ids":[101,7592,1010,2088,999,102],"tokens":["[CLS]","hello",",","world","!","[SEP]"],\
        "offsets":[[0,0],[0,5],[5,6],[7,12],[12,13],[0,0]],"type_ids":[0,0,0,0,0,0]}

        """)
  }

  @Test func specialTokensFollowTheOptions() throws {
    #expect(try ProgramRun("tokenize", ["--no-special-tokens", "a [SEP]"]).text == "1037 102\n")
    #expect(
      try ProgramRun("tokenize", ["--format", "tokens", "--encode-special-tokens", "[SEP]"]).text
        == "[CLS] [ sep ] [SEP]\n")
  }

  @Test(arguments: ["embed", "tokenize", "finetune", "evaluate", "rerank", "custom-loss"])
  func everyProgramTellsTheVersionOfThePackage(program: String) throws {
    #expect(try ProgramRun(program, ["--version"]).text == "\(swiftletVersion)\n")
  }

  @Test func pairsComeFromAFile() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("pairs-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try "world\n".write(to: file, atomically: true, encoding: .utf8)
    #expect(try ProgramRun("tokenize", ["--pair", file.path, "hello"]).text == "101 7592 102 2088 102\n")
    let run = try ProgramRun("tokenize", ["--pair", file.path, "hello", "again"])
    #expect(run.exitCode == 1)
    #expect(run.errorLines.count == 1)
  }

  @Test func nothingIsCutUnlessAsked() throws {
    let long = Data((String(repeating: "word ", count: 600) + "\n").utf8)
    let whole = try ProgramRun("tokenize", ["--input", "-"], input: long)
    #expect(whole.text.split(separator: " ").count == 602)
    let cut = try ProgramRun("tokenize", ["--input", "-", "--max-length", "5"], input: long)
    #expect(cut.text == "101 2773 2773 2773 102\n")
    #expect(cut.errorLines == ["Warning: line 1 is longer than 5 tokens; what is beyond them was cut"])
  }

  @Test func decodeReadsIDs() throws {
    let ids = Data("101 7592 1010 2088 999 102\n\n".utf8)
    let all = try ProgramRun("tokenize", ["--decode", "--input", "-"], input: ids)
    #expect(all.text == "[CLS] hello, world! [SEP]\n\n")
    let text = try ProgramRun("tokenize", ["--decode", "--no-special-tokens", "--input", "-"], input: ids)
    #expect(text.text == "hello, world!\n\n")
    for wrong in ["hello", "-1", "99999999999", "30522"] {
      let run = try ProgramRun("tokenize", ["--decode", "--", wrong])
      #expect(run.exitCode == 1, "\(wrong)")
      #expect(run.errorLines.count == 1)
    }
  }

  @Test func linesBeforeABadOneAreAnswered() throws {
    let texts = Data("hello\nworld\n".utf8)
    let run = try ProgramRun("tokenize", ["--input", "-"], input: texts + Data([0xFF, 0x0A]))
    #expect(run.exitCode == 1 && run.text == "101 7592 102\n101 2088 102\n")
    #expect(run.errors.contains("line 3: byte 1 (0xFF)"))
    let decoded = try ProgramRun(
      "tokenize", ["--decode", "--input", "-"], input: Data("7592\n2088\nhello\n101\n".utf8))
    #expect(decoded.exitCode == 1 && decoded.text == "hello\nworld\n")
    #expect(
      decoded.errorLines == ["Error: line 3: \"hello\" is not a token id; give whole numbers separated by spaces"])

    let file = FileManager.default.temporaryDirectory.appendingPathComponent("pairs-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try "world\n".write(to: file, atomically: true, encoding: .utf8)
    let pairs = try ProgramRun("tokenize", ["--pair", file.path, "--input", "-"], input: texts)
    #expect(pairs.exitCode == 1 && pairs.text == "101 7592 102 2088 102\n")
  }

  /// Many batches, of which several are worked on at a time.
  @Test func resultsAreInOrder() throws {
    let texts = (0..<5000).map { "text \($0 % 7 == 0 ? String(repeating: "word ", count: $0 % 90) : "") \($0)\n" }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("texts-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    func run(_ options: String..., on input: Data) throws -> ProgramRun {
      try input.write(to: file)
      return try ProgramRun("tokenize", ["--input", file.path] + options)
    }
    let all = Data(texts.joined().utf8)
    for format in ["ids", "tokens"] {
      let one = try run("--format", format, "--threads", "1", on: all)
      #expect(one.exitCode == 0 && one.text.split(separator: "\n").count == 5000)
      #expect(try run("--format", format, "--threads", "3", on: all).text == one.text)
    }
    // What comes before a bad line is answered, whatever was already read behind it.
    let bad = Data(texts[..<3000].joined().utf8) + Data([0xFF, 0x0A]) + Data(texts[3000...].joined().utf8)
    let broken = try run("--threads", "3", on: bad)
    #expect(broken.exitCode == 1 && broken.errors.contains("line 3001"))
    #expect(broken.text.split(separator: "\n").count == 3000)
  }

  /// Who writes a line and waits gets its result, also behind a full batch and a blank line, which has none.
  @Test func aConversation() throws {
    let running = try RunningProgram("tokenize", ["--input", "-", "--json-field", "t"])
    running.send(Data((String(repeating: "{\"t\":\"hello\"}\n", count: 1024) + "\n").utf8))
    for _ in 0..<1024 { #expect(running.readLine() == "101 7592 102") }
    running.send(Data("{\"t\":\"world\"}\n".utf8))
    #expect(running.readLine() == "101 2088 102")
    running.closeInput()
    #expect(running.waitUntilExit().exitCode == 0)
  }

  @Test(arguments: [[], ["--format", "xml", "text"], ["--decode", "--format", "tokens", "101"]])
  func wrongArgumentsAreUsageErrors(arguments: [String]) throws {
    #expect(try ProgramRun("tokenize", arguments).exitCode == 64)
  }
}
