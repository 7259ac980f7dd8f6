// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A cross-encoder tuned, used and evaluated by the programs.
struct CrossEncoderTuningTests {
  private let files: TemporaryFolder
  private var folder: URL { files.url }

  init() throws {
    files = try TemporaryFolder()
    let rows = (0..<40).map { row in
      "what is a \(row / 4)?," + (row % 4 == 0 ? "a cat \(row / 4),1\n" : "the dog ran,0\n")
    }
    try write("query,document,label\n" + rows.joined(), to: "pairs.csv")
    let triplets = (0..<12).map { "q \($0)\ta cat \($0)\tthe dog\ta mat \($0)\n" }
    try write("query\tdocument\tnegative\tnegative_2\n" + triplets.joined(), to: "triplets.tsv")
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func write(_ text: String, to name: String) throws {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
  }

  private static func model(_ name: String) -> String {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Tests/SwiftletEncodersTests/Fixtures/cross-encoders/\(name)").path
  }

  private func finetune(
    _ options: [String], model: String = "bert-saved", train: String = "pairs.csv"
  ) throws -> ProgramRun {
    try ProgramRun(
      "finetune",
      ["--model", Self.model(model), "--train", path(train), "--output", path("output"), "--batch-size", "8"] + options)
  }

  @Test func pairsWithLabels() throws {
    let run = try finetune([
      "--cross-encoder", "--eval", path("pairs.csv"), "--epochs", "2", "--learning-rate", "0.001", "--quiet",
    ])
    #expect(run.exitCode == 0 && run.errors.isEmpty, "\(run.errors)")
    #expect(run.text.contains("ndcg_at_10") && run.text.contains("accuracy"))
    let card = try String(contentsOfFile: path("output/README.md"), encoding: .utf8)
    for part in [
      "A cross-encoder", "- cross-encoder", "pipeline_tag: text-ranking", "CrossEncoder(folder:",
      "- loss:BinaryCrossEntropyLoss",
    ] { #expect(card.contains(part), "\(part)") }
    let ranked = try ProgramRun(
      "rerank", ["--model", path("output"), "--query", "what is a 3?", "--format", "tsv", "the dog ran", "a cat 3"])
    #expect(ranked.exitCode == 0 && ranked.text.split(separator: "\n").count == 2, "\(ranked.errors)")
    let scores = try ProgramRun(
      "evaluate", ["--model", path("output"), "--task", "rerank", "--data", path("pairs.csv")])
    let metrics = try JSONDecoder().decode([String: Double].self, from: scores.output)
    #expect(metrics.keys.sorted() == ["accuracy", "ap", "mrr_at_10", "ndcg_at_10"])
    #expect(metrics.values.allSatisfy { (0...1).contains($0) })
  }

  @Test func rowsWithNegatives() throws {
    let options = ["--cross-encoder", "--loss", "multiple-negatives-ranking", "--steps", "4", "--quiet"]
    let run = try finetune(options, model: "bert", train: "triplets.tsv")
    #expect(run.exitCode == 0 && run.errors.isEmpty, "\(run.errors)")
    let card = try String(contentsOfFile: path("output/README.md"), encoding: .utf8)
    #expect(card.contains("- loss:MultipleNegativesRankingLoss") && card.contains("| scale | 10"))
    let again = try finetune(options + ["--resume"], model: "bert", train: "triplets.tsv")
    #expect(again.exitCode == 0)
  }

  @Test(arguments: [
    ["--cross-encoder", "--pooling", "mean"], ["--cross-encoder", "--loss", "triplet"],
    ["--loss", "binary-cross-entropy"], ["--cross-encoder", "--margin", "1"],
    ["--cross-encoder", "--matryoshka-dims", "4"], ["--cross-encoder", "--scale", "5"],
  ])
  func usageErrors(options: [String]) throws {
    #expect(try finetune(options).exitCode == 64)
  }

  @Test func otherModelsAndData() throws {
    let several = try finetune(["--cross-encoder"], model: "bert-3")
    #expect(several.exitCode == 1 && several.errors.contains("3 labels"))
    let triplets = try finetune(["--cross-encoder"], train: "triplets.tsv")
    #expect(triplets.exitCode == 1 && triplets.errors.contains("choose one of multiple-negatives-ranking"))
    let sentences = try finetune([])
    #expect(sentences.exitCode == 1 && sentences.errors.contains("open it with CrossEncoder"))
    let scores = try ProgramRun(
      "evaluate", ["--model", Self.model("bert-3"), "--task", "rerank", "--data", path("pairs.csv")])
    #expect(scores.exitCode == 1 && scores.errors.contains("3 labels"))
  }
}
