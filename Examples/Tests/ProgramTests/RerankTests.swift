// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import Testing

/// The program on the small cross-encoders of the library's tests.
struct RerankTests {
  private let files = try! TemporaryFolder()
  private var folder: URL { files.url }

  private static let documents = ["the mat", "a dog ran", "", "the mat", "it sat on the cat, jumping"]

  private static func model(_ name: String) -> String {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Tests/SwiftletEncodersTests/Fixtures/cross-encoders/\(name)").path
  }

  private func rerank(_ arguments: [String], model: String = "bert-saved", input: Data = Data()) throws -> ProgramRun {
    try ProgramRun("rerank", ["--model", Self.model(model)] + arguments, input: input)
  }

  private func lines(_ texts: [String]) -> Data { Data(texts.map { $0 + "\n" }.joined().utf8) }

  private func write(_ text: String, to name: String) throws -> String {
    let file = folder.appendingPathComponent(name)
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  private struct Line: Decodable {
    let index: Int
    let line: Int?
    let score: Float
    let text: String
  }

  private func objects(_ run: ProgramRun) throws -> [Line] {
    #expect(run.exitCode == 0 && run.errors.isEmpty, "\(run.errors)")
    return try run.text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }

  private func expected(_ model: String = "bert-saved") throws -> [RankedDocument] {
    try CrossEncoder(folder: Self.model(model)).rank(query: "the cat", documents: Self.documents)
  }

  @Test func linesInTheOrderOfTheirScores() throws {
    let found = try objects(rerank(["--query", "the cat", "--input", "-"], input: lines(Self.documents)))
    let ranking = try expected()
    #expect(found.map(\.score) == ranking.map(\.score) && found.map(\.index) == ranking.map(\.index))
    #expect(found.allSatisfy { $0.text == Self.documents[$0.index] && $0.line == $0.index + 1 })
  }

  @Test func argumentsGiveATable() throws {
    let run = try rerank(["--query", "the cat"] + Self.documents)
    let rows = run.text.split(separator: "\n")
    let best = Self.documents[try expected()[0].index]
    #expect(rows.count == 5 && rows[0].hasPrefix("1  0.") && rows[0].hasSuffix(best))
    let found = try objects(rerank(["--query", "the cat", "--format", "jsonl"] + Self.documents))
    #expect(found.count == 5 && found.allSatisfy { $0.line == nil })
  }

  @Test func theBestOnly() throws {
    let some = try objects(
      rerank(["--query", "the cat", "--input", "-", "--top-k", "2"], input: lines(Self.documents)))
    #expect(try some.map(\.index) == expected().prefix(2).map(\.index))
    let many = (0..<3000).map { "a cat \($0 % 100)" }
    let all = try objects(rerank(["--query", "dog", "--input", "-"], input: lines(many)))
    let best = try objects(rerank(["--query", "dog", "--input", "-", "--top-k", "70"], input: lines(many)))
    #expect(best.map(\.index) == all.prefix(70).map(\.index))
  }

  @Test func tabSeparated() throws {
    let run = try rerank(["--query", "the cat", "--format", "tsv", "a\tcat", "a\nmat"])
    let rows = run.text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
    #expect(rows.allSatisfy { $0.count == 3 && Float($0[1]) != nil } && Set(rows.map { $0[2] }) == ["a cat", "a mat"])
  }

  @Test func rawScoresAreLogits() throws {
    let query = ["--query", "the cat", "--input", "-"]
    let scores = try objects(rerank(query, input: lines(Self.documents)))
    let logits = try objects(rerank(query + ["--raw-scores"], input: lines(Self.documents)))
    #expect(logits.map(\.index) == scores.map(\.index))
    for (score, logit) in zip(scores, logits) { #expect(abs(1 / (1 + exp(-logit.score)) - score.score) < 1e-5) }
  }

  @Test func pairsOfATable() throws {
    let rows = [("the cat", "a mat"), ("", "a dog"), ("the cat", "")]
    for (name, text) in [
      ("pairs.tsv", "query\tdocument\n" + rows.map { "\($0)\t\($1)\n" }.joined()),
      ("pairs.csv", "query,document\n" + rows.map { "\"\($0)\",\"\($1)\"\n" }.joined()),
      ("pairs.jsonl", rows.map { "{\"query\":\"\($0)\",\"document\":\"\($1)\"}\n" }.joined()),
    ] {
      for model in ["bert", "bert-3-saved"] {
        let run = try rerank(["--pairs", try write(text, to: name)], model: model)
        #expect(run.exitCode == 0, "\(run.errors)")
        let found = run.text.split(separator: "\n").map { $0.split(separator: "\t").compactMap { Float($0) } }
        #expect(found == Array(try CrossEncoder(folder: Self.model(model)).scores(of: rows)), "\(name), \(model)")
      }
    }
  }

  @Test func longPairsAreReported() throws {
    let long = String(repeating: "cat ", count: 60)
    let run = try rerank(["--query", "the cat", "--input", "-"], input: lines(["a dog", long]))
    #expect(
      run.errorLines == ["Warning: the query with line 2 is longer than 48 tokens; what is beyond them was cut"])
    let pairs = try write("query\tdocument\na\tb\n\(long)\ta\n", to: "long.tsv")
    #expect(try rerank(["--pairs", pairs]).errorLines.first?.hasPrefix("Warning: row 2 is longer") == true)
    #expect(try rerank(["--pairs", pairs, "--quiet"]).errors.isEmpty)
  }

  @Test func wrongFoldersAreRefusedBothWays() throws {
    let run = try ProgramRun("rerank", ["--query", "a", "b"])
    #expect(run.exitCode == 1 && run.errorLines.count == 1)
    #expect(run.errors.contains("rerank needs a cross-encoder's folder"))
    let other = try ProgramRun("embed", ["--model", Self.model("bert-saved"), "a"])
    #expect(other.exitCode == 1 && other.errors.contains("open it with CrossEncoder, or with the program rerank"))
    let several = try rerank(["--query", "a", "b"], model: "bert-3")
    #expect(several.exitCode == 1 && several.errors.contains("3 labels (contradiction, entailment, neutral)"))
  }

  @Test(arguments: [
    [], ["--query", "a"], ["--query", "a", "--pairs", "x.tsv", "b"], ["--pairs", "x.tsv", "b"],
    ["--pairs", "x.tsv", "--top-k", "2"], ["--query", "a", "--top-k", "0", "b"],
    ["--query", "a", "--input", "x", "b"], ["--query", "a", "--json-field", "t", "b"], ["--format", "csv"],
  ])
  func usageErrors(arguments: [String]) throws {
    #expect(try rerank(arguments).exitCode == 64)
  }
}
