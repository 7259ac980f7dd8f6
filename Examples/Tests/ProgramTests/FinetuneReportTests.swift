// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What `finetune` leaves in report.html; RunReport's own tests say how it is drawn.
struct FinetuneReportTests {
  private let files: TemporaryFolder
  private var folder: URL { files.url }

  init() throws {
    files = try TemporaryFolder()
    let labels = ["cat", "dog", "mat", "jumping"], places = ["on the mat", "on a run", "at 9", "in 1984"]
    let rows = labels.flatMap { label in places.map { "the \(label) was \($0),\(label)\n" } }
    try write("text,label\n" + rows.joined(), "train.csv")
    try write("anchor,positive,negative\ncat,the cat,dog\ndog,the dog,mat\n", "triplets.csv")
  }

  @Test func labeledTextsAreComparedBeforeAndAfter() throws {
    let page = try report("output", ["--eval", path("train.csv"), "--steps", "4"])
    for id in ["plane", "scores", "neighbors", "curves", "settings"] { #expect(page.contains("<section id=\"\(id)\"")) }
    #expect(page.contains("the cat was on the mat&#10;cat") && page.contains("; map_at_r from 0."))
  }

  @Test func otherEvaluationDataHasScoresAndNoneHasCurves() throws {
    let triplets = try report("triplets", ["--eval", path("triplets.csv"), "--steps", "2"])
    #expect(triplets.contains("<section id=\"scores\"") && !triplets.contains("<section id=\"plane\""))
    let none = try report("none", ["--steps", "2"])
    #expect(none.contains("<section id=\"curves\"") && !none.contains("<section id=\"scores\""))
  }

  @Test func aRunThatIsStoppedAndResumedHasTheReportOfAWholeOne() throws {
    let options = ["--eval", path("train.csv"), "--steps", "600", "--eval-every", "100", "--log", path("log.jsonl")]
    let whole = try report("whole", Array(options.dropLast(2)))
    let running = try RunningProgram("finetune", arguments("output", options))
    while (try? Data(contentsOf: URL(fileURLWithPath: path("log.jsonl"))))?.count ?? 0 < 1000 { usleep(1000) }
    kill(running.processIdentifier, SIGINT)
    #expect(running.waitUntilExit().exitCode == 130)
    let resumed = try report("output", options + ["--resume"])
    #expect(resumed == whole)
  }

  private func report(_ output: String, _ options: [String]) throws -> String {
    let run = try ProgramRun("finetune", arguments(output, options))
    #expect(run.exitCode == 0, "\(run.errors)")
    return try String(contentsOfFile: path("\(output)/report.html"), encoding: .utf8)
  }

  private func arguments(_ output: String, _ options: [String]) -> [String] {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
    let model = repository.standardized.appendingPathComponent("Tests/SwiftletTrainingTests/Fixtures/batch-hard/model")
      .path
    return [
      "--model", model, "--train", path("train.csv"), "--output", path(output), "--labels-per-batch", "3",
      "--samples-per-label", "3",
    ] + options
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func write(_ text: String, _ name: String) throws {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
  }
}
