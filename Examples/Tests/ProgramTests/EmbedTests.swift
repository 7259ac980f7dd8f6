// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletWeights
import Testing

struct EmbedTests {
  private let files = try! TemporaryFolder()
  private var folder: URL { files.url }

  @Test func textsGiveATableOfTheirSimilarities() throws {
    let run = try ProgramRun(
      "embed", ["A man is eating food.", "Someone has a meal.", "Stocks fell on Monday."])
    #expect(run.exitCode == 0)
    #expect(run.errors.isEmpty)
    let rows = run.text.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(rows.count == 4)
    let cosines = rows.dropFirst().map { $0.suffix(3).compactMap { Double($0) } }
    for i in 0..<3 {
      #expect(cosines[i][i] == 1)
      for j in 0..<3 { #expect(cosines[i][j] == cosines[j][i]) }
    }
    #expect(cosines[0][1] > 0.6)
    #expect(cosines[0][2] < 0.2)
  }

  @Test func jsonLinesHoldTheTextsAndTheirVectors() throws {
    let texts = ["plain", "", "quote \" and backslash \\", "naïve 中国"]
    let run = try ProgramRun("embed", ["--input", "-"], input: lines(texts))
    #expect(run.exitCode == 0)
    let objects = try run.text.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(objects.map(\.text) == texts)
    #expect(objects.allSatisfy { $0.embedding.count == 384 && !$0.truncated })
    for object in objects { #expect(abs(object.embedding.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5) }
  }

  @Test func allFormatsHoldTheSameNumbers() throws {
    let texts = lines(["one", "two and more words", "three"])
    let jsonl = try ProgramRun("embed", ["--input", "-"], input: texts).text
    let vectors = try jsonl.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8)).embedding
    }
    let text = try ProgramRun("embed", ["--input", "-", "--format", "text"], input: texts).text
    #expect(text.split(separator: "\n").map { $0.split(separator: " ").map { Float($0)! } } == vectors)
    for format in ["npy", "safetensors"] {
      let file = path("vectors.\(format)")
      let run = try ProgramRun("embed", ["--input", "-", "--format", format, "--output", file], input: texts)
      #expect(run.exitCode == 0)
      #expect(run.output.isEmpty)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
      #expect(floats(bytes.suffix(3 * 384 * 4)) == vectors.flatMap { $0 })
      let header = String(decoding: bytes.dropLast(3 * 384 * 4), as: UTF8.self)
      #expect(
        header.contains(format == "npy" ? "'shape': (3, 384)" : #""shape":[3,384],"data_offsets":[0,4608]"#))
    }
  }

  @Test func tablesMayStayInTheirFile() throws {
    let texts = lines(["one", "two and more words"])
    let run = try ProgramRun("embed", ["--input", "-", "--map-tables"], input: texts)
    #expect(run.exitCode == 0 && !run.output.isEmpty)
    #expect(run.output == (try ProgramRun("embed", ["--input", "-"], input: texts).output))
  }

  /// Such a table is found when it is read, or else when a vector is.
  @Test func aTableOfNaNIsAnError() throws {
    let model = folder.appendingPathComponent("model"), weights = model.appendingPathComponent("model.safetensors")
    let root = URL(fileURLWithPath: #filePath + "/../../../../").standardizedFileURL
    try FileManager.default.copyItem(
      at: root.appendingPathComponent("Tests/SwiftletEncodersTests/Fixtures/gelu-mean-normalized/model"), to: model)
    let table = try #require(SafetensorsFile(path: weights.path)["embeddings.word_embeddings.weight"])
    var bytes = try Data(contentsOf: weights)
    bytes.replaceSubrange(table.byteRange, with: repeatElement(0xFF, count: table.byteRange.count))
    try bytes.write(to: weights)
    func error(_ options: [String]) throws -> String {
      let run = try ProgramRun("embed", ["--model", model.path, "--input", "-"] + options, input: lines(["a", "b"]))
      #expect(run.exitCode == 1 && run.output.isEmpty)
      return run.errors
    }
    #expect(try error([]).contains("embeddings.word_embeddings.weight"))
    for format in ["jsonl", "text", "npy"] {
      let options = ["--map-tables", "--format", format, "--output", path("vectors")]
      #expect(try error(options).contains("Error: text 1: its vector has NaN or infinite numbers"))
    }
  }

  @Test func noLinesGiveAnEmptyArray() throws {
    let run = try ProgramRun("embed", ["--input", "-", "--format", "npy", "--output", path("empty.npy")])
    #expect(run.exitCode == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path("empty.npy"))).count == 128)
    #expect(try ProgramRun("embed", ["--input", "-"]).output.isEmpty)
  }

  @Test func eachLineIsAnsweredBeforeTheNextIsWritten() throws {
    let program = try RunningProgram("embed", ["--input", "-"])
    for text in ["first", "second", "third"] {
      program.send(lines([text]))
      #expect(program.readLine().hasPrefix(#"{"text":"\#(text)","#))
    }
    program.closeInput()
    #expect(program.waitUntilExit().exitCode == 0)
  }

  @Test func poolingNormalizationAndCutFollowTheOptions() throws {
    func vectors(_ options: [String]) throws -> [[Float]] {
      let run = try ProgramRun("embed", ["--format", "text"] + options + ["a text", "another one"])
      #expect(run.exitCode == 0, "\(run.errors)")
      return run.text.split(separator: "\n").map { $0.split(separator: " ").map { Float($0)! } }
    }
    let whole = try vectors(["--pooling", "cls+mean", "--no-normalize"])
    #expect(whole.allSatisfy { $0.count == 768 })
    #expect(try vectors(["--pooling", "cls", "--no-normalize"]) == whole.map { Array($0.prefix(384)) })
    #expect(
      try vectors(["--pooling", "cls", "--no-normalize", "--truncate-dim", "7"])
        == whole.map { Array($0.prefix(7)) })
    for vector in try vectors(["--truncate-dim", "7", "--normalize"]) {
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
  }

  @Test func cutTextsAreReported() throws {
    let long = String(repeating: "word ", count: 300)
    let run = try ProgramRun("embed", ["--input", "-"], input: lines(["short", long]))
    #expect(run.errorLines == ["Warning: line 2 is longer than 256 tokens; what is beyond them was cut"])
    #expect(run.text.split(separator: "\n").map { $0.hasSuffix("true}") } == [false, true])
    #expect(try ProgramRun("embed", ["--input", "-", "--quiet"], input: lines([long])).errors.isEmpty)
    let many = try ProgramRun("embed", ["--input", "-"], input: lines(Array(repeating: long, count: 8)))
    #expect(many.errorLines.count == 6)
    #expect(many.errorLines.last == "Warning: 3 more texts were cut to 256 tokens")
  }

  @Test func equalTextsAreComputedOnce() throws {
    let texts = ["one", "two", "one", "One", "three", "two"]
    let all = try ProgramRun("embed", ["--input", "-"], input: lines(texts))
    let kept = try ProgramRun("embed", ["--input", "-", "--cache-bytes", "1000000"], input: lines(texts))
    #expect(kept.text == all.text && kept.errorLines == ["computed 3 of 6 texts"])
  }

  @Test func jsonFieldReadsJSONLines() throws {
    let input = Data("{\"title\":\"a text\",\"n\":1}\n{\"title\":2}\n".utf8)
    let run = try ProgramRun("embed", ["--input", "-", "--json-field", "title"], input: input)
    #expect(run.exitCode == 1)
    #expect(run.errorLines == ["Error: standard input: line 2: is no object with a string \"title\""])
    // The text before it is embedded.
    #expect(run.text.hasPrefix(#"{"text":"a text","#) && run.text.split(separator: "\n").count == 1)
    let broken = try ProgramRun("embed", ["--input", "-", "--json-field", "title"], input: Data("\n{\n".utf8))
    #expect(broken.errorLines.first?.hasPrefix("Error: standard input: invalid JSON at line 2") == true)
  }

  /// As `finetune` and `evaluate` do. Lines keep their numbers in messages.
  @Test func blankLinesOfJSONLinesAreSkipped() throws {
    let long = String(repeating: "word ", count: 300)
    let objects = ["", #"{"t":"a"}"#, " \t", "", "{\"t\":\"\(long)\"}\r", "\r", #"{"t":""}"#, ""]
    let file = path("vectors.npy"), options = ["--input", "-", "--json-field", "t"]
    let run = try ProgramRun("embed", options, input: lines(objects))
    #expect(run.exitCode == 0)
    let texts = try run.text.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8)).text
    }
    #expect(texts == ["a", long, ""])
    #expect(
      run.errorLines == [
        "Warning: line 5 is longer than 256 tokens; what is beyond them was cut",
        "Warning: standard input: skipped 5 blank lines, which have no result",
      ])
    let array = try ProgramRun("embed", options + ["--format", "npy", "--output", file], input: lines(objects))
    #expect(array.exitCode == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)).count == 128 + 3 * 384 * 4)
    let bad = try ProgramRun("embed", options, input: lines(["", #"{"t":"a"}"#, "", #"{"t":1}"#]))
    #expect(bad.exitCode == 1 && bad.text.split(separator: "\n").count == 1)
    #expect(bad.errorLines == ["Error: standard input: line 4: is no object with a string \"t\""])
    // Without --json-field an empty line is an empty text.
    #expect(
      try ProgramRun("embed", ["--input", "-"], input: lines(["a", "", "b"])).text.split(separator: "\n").count == 3)
  }

  /// A blank line is not waited behind.
  @Test func aTextBeforeABlankLineIsAnsweredAtOnce() throws {
    let program = try RunningProgram("embed", ["--input", "-", "--json-field", "t"])
    for text in ["first", "second"] {
      program.send(lines(["{\"t\":\"\(text)\"}", ""]))
      #expect(program.readLine().hasPrefix(#"{"text":"\#(text)","#))
    }
    program.closeInput()
    #expect(program.waitUntilExit().exitCode == 0)
  }

  /// All lines are read at once, and those before the bad one are still answered.
  @Test func linesBeforeABadOneAreAnswered() throws {
    let good = (1...5).map { "text \($0)" }
    let run = try ProgramRun(
      "embed", ["--input", "-"], input: lines(good) + Data([0x62, 0xFF, 0x0A]) + lines(["more"]))
    #expect(run.exitCode == 1)
    #expect(run.errorLines.count == 1 && run.errors.contains("line 6: byte 2 (0xFF) is not UTF-8"))
    let texts = try run.text.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8)).text
    }
    #expect(texts == good)
  }

  @Test func aByteOrderMarkIsDropped() throws {
    let run = try ProgramRun("embed", ["--input", "-"], input: Data("\u{FEFF}text\r\n".utf8))
    #expect(run.text.hasPrefix(#"{"text":"text","#))
    #expect(run.errorLines == ["Warning: standard input: starts with a byte order mark, which was dropped"])
  }

  @Test func theModelIsFoundByOptionAndVariable() throws {
    let run = try ProgramRun("embed", ["--model", "/nowhere", "text"])
    #expect(run.exitCode == 1)
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains("/nowhere"))
    let variable = try ProgramRun("embed", ["text"], environment: ["SWIFTLET_MODEL": "/nowhere"])
    #expect(variable.exitCode == 1)
    #expect(variable.errors.contains("/nowhere"))
  }

  @Test(arguments: [
    [], ["--input", "-", "text"], ["--unknown", "text"], ["--format", "xml", "text"],
    ["--pooling", "mean+", "text"],
    ["--threads", "0", "text"], ["--max-length", "1", "text"], ["--precision", "int4", "text"],
    ["--cache-bytes", "-1", "--input", "-"], ["--cache-bytes", "9", "text"], ["--truncate-dim", "0", "text"],
    ["--format", "npy", "text"], ["--json-field", "name", "text"],
  ])
  func wrongArgumentsAreUsageErrors(arguments: [String]) throws {
    let run = try ProgramRun("embed", arguments)
    #expect(run.exitCode == 64)
    #expect(run.errors.hasPrefix("Error: "))
    #expect(run.output.isEmpty)
  }

  @Test func badInputLeavesNoFile() throws {
    let input = Data("good\n".utf8) + Data([0x62, 0xFF, 0x0A])
    let run = try ProgramRun("embed", ["--input", "-", "--output", path("out.jsonl")], input: input)
    #expect(run.exitCode == 1)
    #expect(
      run.errorLines == [
        "Error: standard input: line 2: byte 2 (0xFF) is not UTF-8; convert the text to UTF-8"
      ])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    #expect(try ProgramRun("embed", ["--input", path("none.txt")]).exitCode == 1)
    #expect(try ProgramRun("embed", ["--input", folder.path]).exitCode == 1)
  }

  /// Several times, each as soon as there is a file.
  @Test(arguments: [SIGINT, SIGTERM], 0..<5)
  func signalsEndTheProgramAndRemoveItsFile(signal: Int32, time: Int) throws {
    let program = try RunningProgram("embed", ["--input", "-", "--output", path("out.jsonl")])
    program.send(lines(["text"]))
    while try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty { usleep(100) }
    kill(program.processIdentifier, signal)
    #expect(program.waitUntilExit().exitCode == 128 + signal)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func aClosedPipeIsAnError() throws {
    let program = try RunningProgram("embed", ["--input", "-"])
    program.closeOutput()
    program.send(lines(["text"]))
    program.closeInput()
    let run = program.waitUntilExit()
    #expect(run.exitCode == 1)
    #expect(run.errorLines.count == 1)
    #expect(run.errors.hasPrefix("Error: standard output: "))
  }

  private struct Line: Decodable {
    let text: String
    let embedding: [Float]
    let truncated: Bool
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func lines(_ texts: [String]) -> Data { Data(texts.map { $0 + "\n" }.joined().utf8) }

  private func floats(_ bytes: Data) -> [Float] {
    [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
      count = bytes.copyBytes(to: buffer) / 4
    }
  }
}
