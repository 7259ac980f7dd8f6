// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// On a BERT of two small layers, whose steps take a millisecond.
struct FinetuneTests {
  private let files: TemporaryFolder
  private var folder: URL { files.url }

  init() throws {
    files = try TemporaryFolder()
    try table().write(to: folder.appendingPathComponent("train.csv"), atomically: true, encoding: .utf8)
  }

  @Test func aRunLeavesAModelFolderItsCardAndALog() throws {
    let run = try finetune("output", ["--steps", "12", "--eval", path("train.csv"), "--log", path("log.jsonl")])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.text.contains("accuracy_at_1"))
    let files = try FileManager.default.contentsOfDirectory(atPath: path("output"))
    #expect(Set(files).isSuperset(of: ["config.json", "model.safetensors", "modules.json", "vocab.txt", "README.md"]))
    #expect(!files.contains("checkpoints"))
    let config = try JSONSerialization.jsonObject(with: read("output/config.json")) as? [String: Any]
    #expect(config?["dtype"] as? String == "float32")
    let card = String(decoding: try read("output/README.md"), as: UTF8.self)
    for part in ["library_name: sentence-transformers", "train.csv", "accuracy_at_1", "batch-hard-triplet", "2e-05"] {
      #expect(card.contains(part), "\(part)")
    }
    #expect(try ProgramRun("embed", ["--model", path("output"), "cat", "dog"]).exitCode == 0)

    let lines = try logLines("log.jsonl")
    #expect(lines.compactMap { $0["loss"] == nil ? nil : $0["step"] as? Int } == Array(1...12))
    let keys: Set = [
      "step", "epoch", "loss", "active_fraction", "hardest_positive", "hardest_negative", "grad_norm",
      "learning_rate", "tokens_per_second", "seconds", "skipped",
    ]
    #expect(lines.filter { $0["loss"] != nil }.allSatisfy { Set($0.keys) == keys })
    #expect(lines.contains { $0["eval"] != nil })
  }

  @Test func aModelThatBecameWorseIsNamed() throws {
    try table(byPlace: true).write(
      to: folder.appendingPathComponent("places.csv"), atomically: true, encoding: .utf8)
    let options = ["--steps", "40", "--eval-every", "40", "--learning-rate", "0.01", "--eval"]
    let worse = try finetune("worse", options + [path("places.csv")])
    #expect(worse.exitCode == 0 && worse.errors.contains("done after 40 steps; kept the weights"), "\(worse.errors)")
    #expect(worse.errors.contains("before training: lower --learning-rate"), "\(worse.errors)")
    let better = try finetune("better", options + [path("train.csv")])
    #expect(better.exitCode == 0 && better.errors.contains("is the best\n"), "\(better.errors)")
  }

  @Test func poolingAndNormalizationAreWrittenIntoTheFolder() throws {
    let run = try finetune("output", ["--steps", "1", "--pooling", "mean", "--normalize"])
    #expect(run.exitCode == 0 && run.errors.contains("done after 1 step\n"), "\(run.errors)")
    let vectors = try ProgramRun("embed", ["--model", path("output"), "--format", "text", "the cat sat"]).text
    let numbers = vectors.split(separator: " ").compactMap { Float($0.trimmingCharacters(in: .newlines)) }
    #expect(abs(numbers.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
  }

  @Test func aWordAverageIsTrainedFromTheStartAndOn() throws {
    let options = ["--steps", "20", "--eval", path("train.csv"), "--learning-rate", "0.01"]
    let run = try finetune("output", ["--encoder", "word-average"] + options)
    #expect(run.exitCode == 0, "\(run.errors)")
    let files = try FileManager.default.contentsOfDirectory(atPath: path("output"))
    #expect(Set(files).isSuperset(of: ["modules.json", "tokenizer.json", "1_Dense"]) && !files.contains("config.json"))
    let card = String(decoding: try read("output/README.md"), as: UTF8.self)
    #expect(card.contains("# Word average with the vocabulary of") && !card.contains("base_model"))

    // A later option counts.
    let on = try finetune("further", options + ["--model", path("output")])
    #expect(on.exitCode == 0, "\(on.errors)")
    for folder in ["output", "further"] {
      let vectors = try ProgramRun("embed", ["--model", path(folder), "--format", "text", "the cat", "cat the"])
      let lines = vectors.text.split(separator: "\n")
      #expect(vectors.exitCode == 0 && lines.count == 2 && lines[0] == lines[1], "\(vectors.errors)")
      let scores = try ProgramRun(
        "evaluate", ["--model", path(folder), "--task", "knn", "--data", path("train.csv")])
      #expect(scores.exitCode == 0 && scores.text.contains("accuracy_at_1"), "\(scores.errors)")
    }
    let pooled = try ProgramRun("embed", ["--model", path("output"), "--pooling", "cls", "the cat"])
    #expect(pooled.exitCode == 1 && pooled.errorLines.count == 1, "\(pooled.errors)")
    let back = try finetune("back", options + ["--model", path("output"), "--encoder", "bert"])
    #expect(back.exitCode == 1 && back.errors.contains("the encoder is bert"), "\(back.errors)")
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalSavesAndResumeGivesTheSameBits(signal: Int32) throws {
    let options = ["--steps", "1500", "--log", path("log.jsonl")]
    let whole = try finetune("whole", ["--steps", "1500"])
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let running = try RunningProgram("finetune", arguments("output", options))
    while (try? read("log.jsonl"))?.isEmpty ?? true { usleep(1000) }
    kill(running.processIdentifier, signal)
    let stopped = running.waitUntilExit()
    #expect(stopped.exitCode == 128 + signal, "\(stopped.errors)")
    #expect(stopped.errors.contains("--resume"))
    #expect(!FileManager.default.fileExists(atPath: path("output/model.safetensors")))
    let early = try ProgramRun("embed", ["--model", path("output"), "the cat"])
    #expect(early.exitCode == 1 && early.errors.contains("finish the run: finetune with --resume"), "\(early.errors)")

    let resumed = try finetune("output", options + ["--resume", "--threads", "1", "--piece-size", "5"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try read("output/model.safetensors") == read("whole/model.safetensors"))
    #expect(try logLines("log.jsonl").compactMap { $0["step"] as? Int } == Array(1...1500))
  }

  /// Scripts/kill_runs.py does so 200 times, in saves above all.
  @Test func aRunThatIsKilledThriceEndsWithTheSameBits() throws {
    let options = ["--steps", "400", "--checkpoint-every", "7", "--log", path("log.jsonl"), "--resume"]
    let whole = try finetune("whole", ["--steps", "400"])
    #expect(whole.exitCode == 0, "\(whole.errors)")
    for round in 1...3 {
      let running = try RunningProgram("finetune", arguments("output", options))
      while (try? logLines("log.jsonl").last?["step"] as? Int) ?? 0 < 50 * round { usleep(1000) }
      kill(running.processIdentifier, SIGKILL)
      #expect(running.waitUntilExit().exitCode == SIGKILL)
    }
    let resumed = try finetune("output", options + ["--threads", "1"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try read("output/model.safetensors") == read("whole/model.safetensors"))
    #expect(try logLines("log.jsonl").compactMap { $0["step"] as? Int } == Array(1...400))
  }

  @Test func resumeOfNothingStartsAndOfAFinishedRunChangesNothing() throws {
    let first = try finetune("output", ["--steps", "2", "--resume"])
    #expect(first.exitCode == 0)
    #expect(first.errorLines.contains { $0.contains("no checkpoint") })
    #expect(first.errorLines.contains { $0.contains("step 0") })
    let model = try read("output/model.safetensors")
    let again = try finetune("output", ["--steps", "2", "--resume"])
    #expect(again.exitCode == 0)
    #expect(again.errorLines.contains { $0.contains("finished") })
    #expect(try read("output/model.safetensors") == model)
  }

  @Test func aLogThatCannotBeWrittenLeavesNoOutput() throws {
    let run = try finetune("output", ["--steps", "1", "--log", path("none/log.jsonl")])
    #expect(run.exitCode == 1)
    #expect(run.errorLines.count == 1)
    #expect(!FileManager.default.fileExists(atPath: path("output")))
  }

  @Test func aFullOutputIsNotTouched() throws {
    try FileManager.default.createDirectory(atPath: path("output"), withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: folder.appendingPathComponent("output/notes.txt"))
    let run = try finetune("output", ["--steps", "1"])
    #expect(run.exitCode == 1)
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains("not empty"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path("output")) == ["notes.txt"])
  }

  @Test(arguments: [
    ["--loss", "softmax-cross-entropy", "--margin", "1"], ["--loss", "softmax-cross-entropy", "--mine", "random"],
    ["--loss", "softmax-cross-entropy", "--matryoshka-dims", "8"], ["--distance", "manhattan"],
    ["--epochs", "1", "--steps", "1"], ["--steps", "0"],
    ["--margin", "-1"], ["--margin", "nan"], ["--learning-rate", "-1"], ["--warmup-ratio", "2"], ["--clip-norm", "0"],
    ["--dropout", "1"], ["--labels-per-batch", "1"], ["--samples-per-label", "1"], ["--piece-size", "0"],
    ["--batch-size", "8"], ["--loss", "angle", "--distance", "cosine"],
    ["--loss", "batch-hard-soft-margin-triplet", "--margin", "1"], ["--patience", "1"],
    ["--schedule", "steps"], ["--precision", "int8"], ["--mine", "telepathy"],
    ["--encoder", "gpt"], ["--encoder", "word-average", "--pooling", "mean"],
    ["--encoder", "word-average", "--dropout", "0.1"],
    ["--mine", "random"], ["--loss", "triplet", "--remine-every", "5"], ["--negatives", "0", "--loss", "triplet"],
  ])
  func wrongArgumentsAreUsageErrors(options: [String]) throws {
    let run = try finetune("output", options)
    #expect(run.exitCode == 64, "\(run.errors)")
    #expect(run.errors.hasPrefix("Error: "))
    #expect(!FileManager.default.fileExists(atPath: path("output")))
  }

  @Test func anUnknownLossIsToldWhichThereAre() throws {
    let errors = try finetune("output", ["--loss", "hinge"]).errors
    #expect(errors.contains("batch-semi-hard-triplet") && errors.contains("hardest-of-k-triplet"), "\(errors)")
  }

  @Test func aBrokenTableIsAnErrorThatNamesTheLine() throws {
    try "text,label\nthe cat,cat\nthe \"dog\",dog\n".write(
      to: folder.appendingPathComponent("train.csv"), atomically: true, encoding: .utf8)
    let run = try finetune("output", [])
    #expect(run.exitCode == 1)
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains("train.csv: line 3, column 5"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: path("output")))
    try (table() + "the \"dog\",dog\n").write(
      to: folder.appendingPathComponent("train.csv"), atomically: true, encoding: .utf8)
    let skipping = try finetune("output", ["--steps", "1", "--skip-bad"])
    #expect(skipping.exitCode == 0, "\(skipping.errors)")
    #expect(skipping.errorLines.contains { $0.contains("skipped 1 bad row") })
  }

  @Test(arguments: ["text,label\n", "text,label\ncat,a\ncat sat,a\n"])
  func dataThatTeachesNothingIsAnError(table: String) throws {
    try table.write(to: folder.appendingPathComponent("train.csv"), atomically: true, encoding: .utf8)
    let run = try finetune("output", [])
    #expect(run.exitCode == 1)
    #expect(run.errorLines.count == 1, "\(run.errors)")
  }

  @Test func resumeWithOtherSettingsIsAnErrorThatNamesThem() throws {
    let running = try RunningProgram(
      "finetune", arguments("output", ["--steps", "100000", "--log", path("log.jsonl")]))
    while (try? read("log.jsonl"))?.isEmpty ?? true { usleep(1000) }
    kill(running.processIdentifier, SIGINT)
    #expect(running.waitUntilExit().exitCode == 130)
    let run = try finetune("output", ["--steps", "100000", "--margin", "2", "--resume"])
    #expect(run.exitCode == 1)
    #expect(run.errors.contains("margin"), "\(run.errors)")
  }

  @Test func aTableOfTripletsTrainsUntilItsScoreRisesNoMore() throws {
    let rows = ["cat\tthe cat sat\tthe dog\n", "dog\tthe dog ran\tthe mat\n", "mat\ton the mat\tthe cat\n"]
    try ("anchor\tpositive\tnegative\n" + rows.joined()).write(
      to: folder.appendingPathComponent("train.tsv"), atomically: true, encoding: .utf8)
    let run = try ProgramRun(
      "finetune",
      [
        "--model", model, "--train", path("train.tsv"), "--eval", path("train.tsv"), "--output", path("output"),
        "--loss", "triplet", "--batch-size", "2", "--steps", "100", "--patience", "2",
      ])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.contains("as the score rose no more"), "\(run.errors)")
    #expect(run.text.contains("accuracy"))
    #expect(String(decoding: try read("output/README.md"), as: UTF8.self).contains("3 triplets"))
  }

  /// A table in each way of writing pairs that belong together.
  @Test(arguments: [
    ("pairs.csv", "query,document\nthe cat,the cat sat\nthe dog,the dog ran\nthe mat,on the mat\n", []),
    (
      "pairs.csv", "the cat,the cat sat\nthe dog,the dog ran\nthe mat,on the mat\n",
      ["--no-header", "--anchor-column", "1", "--positive-column", "2"]
    ),
    (
      "pairs.txt", "sentence1|sentence2\nthe cat|the cat sat\nthe dog|the dog ran\nthe mat|on the mat\n",
      ["--data-format", "csv", "--separator", "|"]
    ),
    (
      "pairs.jsonl",
      #"{"query":"the cat","pos":["the cat sat","cat"],"neg":[]}"# + "\n"
        + #"{"query":"the dog","pos":["the dog ran"]}"#, []
    ),
  ])
  func pairsWithoutNegativesTrain(name: String, table: String, options: [String]) throws {
    try table.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    func run(_ output: String, _ more: [String]) throws -> ProgramRun {
      try ProgramRun(
        "finetune",
        ["--model", model, "--train", path(name), "--eval", path(name), "--output", path(output), "--steps", "4"]
          + options + more)
    }
    let trained = try run("output", ["--loss", "multiple-negatives-ranking", "--max-length", "4"])
    #expect(trained.exitCode == 0, "\(trained.errors)")
    #expect(trained.text.contains("accuracy_at_1") && trained.text.contains("mrr_at_10"))
    #expect(trained.errors.contains("training texts have more than 4 tokens"), "\(trained.errors)")
    let card = String(decoding: try read("output/README.md"), as: UTF8.self)
    #expect(card.contains("3 pairs of texts that belong together") && card.contains("| batch | 64 rows |"))
    let wrong = try run("other", [])
    #expect(wrong.exitCode == 1 && wrong.errorLines.count == 1)
    #expect(wrong.errors.contains("cannot train on positive pairs; choose one of multiple-negatives-ranking, "))
  }

  @Test(arguments: [["--mine", "random"], ["--mine", "offline", "--remine-every", "2", "--negatives", "2"]])
  func negativesAreMined(options: [String]) throws {
    for loss in ["hardest-of-k-triplet", "multiple-negatives-ranking", "cosent"] {
      let run = try finetune(loss, ["--steps", "4", "--loss", loss, "--max-length", "9"] + options)
      #expect(run.exitCode == 0, "\(run.errors)")
      let card = String(decoding: try read("\(loss)/README.md"), as: UTF8.self)
      #expect(card.contains("| negatives | ") && card.contains("| most tokens of a text | 9 |"))
    }
  }

  @Test func aClassifierIsTrainedAlongAndNotSaved() throws {
    let run = try finetune("output", ["--steps", "4", "--loss", "softmax-cross-entropy", "--eval", path("train.csv")])
    #expect(run.exitCode == 0, "\(run.errors)")
    let header = String(decoding: try read("output/model.safetensors").prefix(1 << 16), as: UTF8.self)
    #expect(header.contains("encoder.layer.0") && !header.contains("classifier"))
    #expect(try ProgramRun("embed", ["--model", path("output"), "cat", "dog"]).exitCode == 0)
  }

  @Test func aLossOfOnesOwnTrains() throws {
    let run = try ProgramRun(
      "custom-loss", ["--model", model, "--train", path("train.csv"), "--eval", path("train.csv"), "--steps", "3"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.text.split(separator: "\n").count { $0.contains("accuracy_at_1") } >= 2)
  }

  /// Texts in words that the small vocabulary has, labeled by their five subjects or by their six places.
  private func table(byPlace: Bool = false) -> String {
    let places = ["on the mat", "on a run", "at 9", "in 1984", "and sat", "for £9"]
    let subjects = ["cat", "dog", "mat", "jumping", "running"]
    let rows = subjects.flatMap { subject in
      places.map { "the \(subject) was \($0),\(byPlace ? $0 : subject)\n" }
    }
    return "text,label\n" + rows.joined()
  }

  private func finetune(_ output: String, _ options: [String]) throws -> ProgramRun {
    try ProgramRun("finetune", arguments(output, options))
  }

  private func arguments(_ output: String, _ options: [String]) -> [String] {
    [
      "--model", model, "--train", path("train.csv"), "--output", path(output), "--labels-per-batch", "3",
      "--samples-per-label", "3",
    ] + options
  }

  private var model: String {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
    return repository.standardized.appendingPathComponent("Tests/SwiftletTrainingTests/Fixtures/batch-hard/model").path
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func read(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

  private func logLines(_ name: String) throws -> [[String: Any]] {
    try read(name).split(separator: UInt8(ascii: "\n")).map {
      try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] ?? [:]
    }
  }
}
