// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import SwiftletFiles
import Testing

/// The program on a small random encoder of the library's tests.
struct SearchTests {
  private let files = try! TemporaryFolder()
  private var folder: URL { files.url }

  private static let texts = ["the cat sat on the mat", "a dog ran", "", "jumping dogs", "the mat, the mat"]

  private static let model: String = {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Tests/SwiftletEncodersTests/Fixtures/gelu-mean-normalized/model").path
  }()

  private func search(_ arguments: [String], input: Data = Data()) throws -> ProgramRun {
    try ProgramRun("search", arguments, input: input, environment: ["SWIFTLET_MODEL": Self.model])
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  @discardableResult
  private func write(_ text: String, to name: String) throws -> String {
    try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  private func corpus() throws -> String {
    try write(Self.texts.map { $0 + "\n" }.joined(), to: "corpus.txt")
  }

  private struct Found: Decodable {
    struct Hit: Decodable {
      let rank: Int
      let score: Float
      let id: String
      let line: Int
      let text: String
    }
    let query: String
    let hits: [Hit]
  }

  private func objects(_ run: ProgramRun) throws -> [Found] {
    #expect(run.exitCode == 0, "\(run.errors)")
    return try run.text.split(separator: "\n").map { try JSONDecoder().decode(Found.self, from: Data($0.utf8)) }
  }

  @Test func aCorpusAndAQuery() throws {
    let corpus = try corpus()
    let run = try search(["--corpus", corpus, "the cat sat on the mat", "--top-k", "2"])
    let rows = run.text.split(separator: "\n")
    #expect(run.exitCode == 0 && rows.count == 2 && rows[0] == "1  1.000  line 1  the cat sat on the mat")
    #expect(run.errorLines.last == "\(corpus).swiftlet-index: 5 texts embedded, 0 kept, 0 removed")
    let encoder = try SentenceEncoder(folder: Self.model)
    let vectors = try encoder.encode(Self.texts), query = try encoder.encode(["dogs"])[0]
    let found = try objects(search(["--corpus", corpus, "dogs", "--format", "jsonl"]))
    #expect(found.count == 1 && found[0].query == "dogs" && found[0].hits.map(\.rank) == [1, 2, 3, 4, 5])
    for hit in found[0].hits {
      #expect(hit.text == Self.texts[hit.line - 1])
      #expect(abs(hit.score - vectors[hit.line - 1].cosineSimilarity(to: query)) < 1e-6)
    }
  }

  @Test func queriesOfAFileAndOfAPipe() throws {
    let index = path("index")
    #expect(try search(["index", "--corpus", corpus(), "--index", index]).exitCode == 0)
    let lines = Data("a dog ran\njumping dogs\n".utf8)
    let piped = try objects(search(["query", "--index", index, "--format", "jsonl"], input: lines))
    let file = try objects(
      search(["query", "--index", index, "--format", "jsonl", "--input", write("a dog ran\njumping dogs\n", to: "q")]))
    let given = try objects(search(["query", "--index", index, "--format", "jsonl", "a dog ran", "jumping dogs"]))
    for found in [piped, file, given] {
      #expect(found.map(\.query) == ["a dog ran", "jumping dogs"] && found.map { $0.hits[0].line } == [2, 4])
    }
  }

  /// Each line of a pipe is answered before the next is written.
  @Test func aConversation() throws {
    let index = path("index")
    #expect(try search(["index", "--corpus", corpus(), "--index", index, "--quiet"]).errors.isEmpty)
    let running = try RunningProgram(
      "search", ["query", "--index", index, "--top-k", "1"], environment: ["SWIFTLET_MODEL": Self.model])
    running.send(Data("a dog ran\n".utf8))
    #expect(running.readLine() == "1  1.000  line 2  a dog ran")
    running.send(Data("jumping dogs\n".utf8))
    #expect(running.readLine() == "1  1.000  line 4  jumping dogs")
    running.closeInput()
    #expect(running.waitUntilExit().exitCode == 0)
  }

  @Test func tablesHaveIdsAndColumnsForFilters() throws {
    let table = try write(
      "id,text,lang,year\nx,the cat,en,2019\ny,\"a dog, ran\",de,2021\nz,the mat,en,2021\n", to: "t.csv")
    for (filter, ids) in [("lang = 'en'", "xz"), ("year > 2020", "yz"), ("lang = 'en' and year > 2020", "z")] {
      let found = try objects(
        search(["--corpus", table, "--where", filter, "--format", "jsonl", "the cat"]))
      #expect(found[0].hits.map(\.id).sorted().joined() == ids)
    }
    let objectsFile = try write(
      "{\"id\":7,\"body\":\"the cat\",\"ok\":true}\n\n{\"id\":\"b\",\"body\":\"a dog\"}\n", to: "t.jsonl")
    let found = try objects(
      search(["--corpus", objectsFile, "--text-column", "body", "--format", "jsonl", "--where", "ok = true", "dog"]))
    #expect(found[0].hits.map(\.id) == ["7"] && found[0].hits[0].line == 1)
  }

  @Test func tablesOfOtherForms() throws {
    let table = try write("the cat;en\na dog;de;x\n\"the mat;the mat\";en\n", to: "t.csv")
    let options = ["--separator", ";", "--no-header", "--where", "`2` = 'en'", "--format", "jsonl", "the cat"]
    #expect(try search(["--corpus", table] + options).errors.contains("line 2: 3 fields, where the header has 2"))
    let run = try search(["--corpus", table, "--skip-bad"] + options), found = try objects(run)
    #expect(found[0].hits.map(\.text).sorted() == ["the cat", "the mat;the mat"])
    #expect(run.errors.contains("t.csv: skipped 1 bad row\n"))
    let marked = try write("\u{FEFF}the cat\n", to: "marked.txt")
    #expect(try search(["--corpus", marked, "x"]).errors.contains("byte order mark"))
  }

  /// The reranker of the library's tests sorts what is found.
  @Test func foundTextsAreSortedByACrossEncoder() throws {
    let reranker = Self.model.replacing("gelu-mean-normalized/model", with: "cross-encoders/bert-saved")
    let options = ["--rerank", reranker, "--candidates", "4", "--top-k", "3", "--format", "jsonl", "the cat"]
    let hits = try objects(search(["--corpus", corpus()] + options))[0].hits
    let encoder = try CrossEncoder(folder: reranker)
    let scores = try encoder.scores(of: hits.map { ("the cat", $0.text) }).map { $0[0] }
    #expect(hits.map(\.score) == scores && scores == scores.sorted(by: >) && hits.count == 3)
  }

  @Test func deletingCompactingAndTelling() throws {
    let table = try write("id,text\nx,the cat\ny,a dog\n", to: "t.csv"), index = table + ".swiftlet-index"
    #expect(try search(["index", "--corpus", table]).exitCode == 0)
    #expect(try search(["delete", "--index", index, "x", "q"]).errors.contains("there is no \"q\""))
    #expect(try search(["delete", "--index", index, "x"]).errors == "\(index): 1 removed, 1 left\n")
    #expect(try search(["compact", "--index", index]).exitCode == 0)
    #expect(try search(["check", "--index", index]).text == "\(index): 1 documents, undamaged\n")
    #expect(try search(["info", "--index", index]).text.hasPrefix("documents: 1\ndimensions: "))
    let vectors =
      index + "/" + (try FileManager.default.contentsOfDirectory(atPath: index)).first { $0.hasPrefix("seg") }!
    var bytes = try Data(contentsOf: URL(fileURLWithPath: vectors + "/vectors.npy"))
    bytes[200] ^= 1
    try bytes.write(to: URL(fileURLWithPath: vectors + "/vectors.npy"))
    let checked = try search(["check", "--index", index])
    #expect(checked.exitCode == 1 && checked.errors.contains("vectors.npy: has changed since it was written"))
  }

  /// What is exported and imported again is found again.
  @Test(arguments: ["npy", "fvecs", "jsonl"]) func vectorsGoOutAndIn(format: String) throws {
    let corpus = try corpus(), index = corpus + ".swiftlet-index", file = path("x.\(format)"), other = path("other")
    let expected = try objects(search(["--corpus", corpus, "dogs", "--format", "jsonl"]))
    #expect(try search(["export", "--index", index, "--format", format, "--output", file]).exitCode == 0)
    let sides = format == "jsonl" ? [] : ["--texts", corpus]
    let run = try search(["import", file, "--index", other, "--model", Self.model] + sides)
    #expect(run.exitCode == 0, "\(run.errors)")
    let found = try objects(search(["query", "--index", other, "--format", "jsonl", "dogs"]))
    #expect(found[0].hits.map(\.score) == expected[0].hits.map(\.score))
    #expect(found[0].hits.map(\.text) == expected[0].hits.map(\.text))
  }

  @Test func anImportHasEachIDOnce() throws {
    let lines = ["[1,2]", "[2,1]"].map { "{\"id\":\"a\",\"text\":\"a\",\"embedding\":\($0)}\n" }
    let run = try search(["import", write(lines.joined(), to: "v.jsonl"), "--index", path("index")])
    #expect(run.exitCode == 1 && run.errors.contains("v.jsonl: line 2: the id \"a\" occurs twice"), "\(run.errors)")
  }

  @Test func aMistypedCorpusLeavesNoIndex() throws {
    #expect(try search(["--corpus", path("missing.txt"), "x"]).exitCode == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func windowsAreVectorsOfTheirOwn() throws {
    let long = Array(repeating: "the cat sat on the mat", count: 30).joined(separator: " ") + " a dog ran"
    let corpus = try write("\(long)\njumping dogs\n", to: "long.txt"), index = corpus + ".swiftlet-index"
    let found = try objects(search(["--corpus", corpus, "--windows", "16,4", "--format", "jsonl", "a dog ran"]))
    #expect(found[0].hits.count == 2)
    let file = path("x.npy")
    #expect(try search(["export", "--index", index, "--format", "npy", "--output", file]).exitCode == 0)
    var reader = try VectorReader(path: file, format: .npy), count = 0
    while try reader.next() != nil { count += 1 }
    #expect(count > 10)
    #expect(try search(["info", "--index", index]).text.contains("windows: 16 tokens, 4 shared; \(count) vectors"))
    #expect(try search(["--corpus", corpus, "x", "--windows", "16"]).exitCode == 64)
    #expect(try search(["--corpus", corpus, "x", "--windows", "9,9"]).errors.contains("no room"))
  }

  @Test(arguments: [
    (["--corpus", "missing.txt", "x"], 1, "missing.txt: cannot open"),
    (["query", "--index", "missing", "x"], 1, "missing: there is no index; check the path, or make one"),
    (["query", "--index", "missing", "x", "--input", "y"], 64, "give queries or --input, not both"),
    (["query", "--index", "missing", "--top-k", "0", "x"], 64, "--top-k is 0"),
    (["query", "--index", "missing", "--candidates", "20", "x"], 64, "--candidates goes with --rerank"),
    (["export", "--index", "missing"], 64, "--format"), (["import", "x.bin", "--index", "y"], 64, "--data-format"),
    (["import", "x.npy", "--index", "y"], 1, "x.npy: cannot open"),
    (["delete", "--index", "missing", "x"], 1, "no index"),
  ])
  func mistakes(arguments: [String], exitCode: Int32, message: String) throws {
    let run = try search(arguments)
    #expect(run.exitCode == exitCode && run.errors.contains(message), "\(run.errors)")
  }

  @Test(arguments: [
    ("t.csv", "text,x\na\n", "line 2: 1 fields, where the header has 2"),
    ("t.csv", "a,b\n1,2\n", "there is no column \"text\", but \"a\", \"b\""),
    ("t.csv", "text,text\n1,2\n", "two columns are called \"text\""),
    ("t.csv", "id,text\n1,a\n1,b\n", "line 3: the id \"1\" occurs twice"),
    ("t.jsonl", "{\"text\":1}\n", "line 1: has no string \"text\""), ("t.jsonl", "[]\n", "line 1: is no object"),
    ("t.jsonl", "{\"text\":\"a\"}\n{\"text\":\n", "line 2"), ("t.txt", "a\n\u{FF}b\n", "line 2"),
  ])
  func badCorpora(name: String, content: String, message: String) throws {
    try Data(content.unicodeScalars.map { UInt8(clamping: $0.value) }).write(to: folder.appendingPathComponent(name))
    let run = try search(["--corpus", path(name), "x"])
    #expect(run.exitCode == 1 && run.errorLines.last?.contains(message) ?? false, "\(run.errors)")
  }

  @Test func filtersAreChecked() throws {
    let run = try search(["--corpus", corpus(), "x", "--where", "lang ="])
    #expect(
      run.exitCode == 1 && run.errors.contains("the filter has its end at character 7, where a value is expected"))
  }
}
