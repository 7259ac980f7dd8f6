// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct EvaluateTests {
  private let files = try! TemporaryFolder()
  private var folder: URL { files.url }

  private func write(_ text: String, to name: String) throws -> String {
    let file = folder.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  private let labeled = """
    text,label
    A dog barks.,animals
    Rain is falling.,weather
    A puppy yelps.,animals
    It is pouring.,weather

    """

  @Test func labeledTextsFindTheirLikeAmongTheOthers() throws {
    let run = try ProgramRun("evaluate", ["--task", "knn", "--data", write(labeled, to: "data.csv")])
    #expect(run.exitCode == 0 && run.errors.isEmpty)
    #expect(
      run.text == """
        {"accuracy_at_1":1.0,"centroid_accuracy":1.0,"precision_at_1":1.0,"r_precision":1.0,"map_at_r":1.0}

        """)
  }

  @Test func labeledTextsFindTheirLikeInTrain() throws {
    let data = try write(#"{"words": "Snow fell.", "kind": "weather"}"#, to: "data.jsonl")
    let train = try write(
      #"{"kind": "weather", "words": "A storm."}"# + "\n" + #"{"kind": "food", "words": "A cake."}"#, to: "train.jsonl")
    let run = try ProgramRun(
      "evaluate",
      ["--task", "knn", "--data", data, "--train", train, "--text-column", "words", "--label-column", "kind"])
    #expect(run.exitCode == 0 && run.errors.isEmpty)
    #expect(run.text.hasPrefix(#"{"accuracy_at_1":1.0,"centroid_accuracy":1.0,"#))
  }

  @Test func positivesAreNearerThanNegatives() throws {
    let file = try write("A dog barks.\tA puppy yelps.\tRain is falling.\tIt pours.\n", to: "triplets.tsv")
    let run = try ProgramRun("evaluate", ["--task", "triplet", "--data", file, "--no-header"])
    #expect(run.exitCode == 0 && run.text == "{\"accuracy\":1.0}\n")
  }

  @Test func cosinesFollowScores() throws {
    let rows = "A dog barks.,A puppy yelps.,4\nA dog barks.,Rain is falling.,0.5\nIt rains.,It is raining.,5\n"
    let file = try write("sentence1,sentence2,score\n" + rows, to: "sts.csv")
    let run = try ProgramRun("evaluate", ["--task", "sts", "--data", file, "--threads", "1"])
    let metrics = try JSONDecoder().decode([String: Double].self, from: run.output)
    #expect(run.exitCode == 0 && metrics.keys.sorted() == ["pearson", "spearman"])
    #expect(abs((metrics["spearman"] ?? 0) - 1) < 1e-12 && (metrics["pearson"] ?? 0) > 0.9)
  }

  @Test func anchorsFindTheirPositives() throws {
    let rows = "A dog barks.;A puppy yelps.\nIt rains.;It is raining.\n"
    let file = try write("sep=;\nquery;document\n" + rows, to: "pairs.csv")
    let run = try ProgramRun("evaluate", ["--task", "positives", "--data", file, "--separator", ";"])
    #expect(run.exitCode == 0 && run.errors.isEmpty, "\(run.errors)")
    #expect(run.text == "{\"accuracy_at_1\":1.0,\"mrr_at_10\":1.0}\n")
    let unnamed = try write("A dog barks.,A puppy yelps.\nIt rains.,It is raining.\n", to: "unnamed.csv")
    let byOrder = try ProgramRun("evaluate", ["--task", "positives", "--data", unnamed, "--no-header"])
    #expect(byOrder.exitCode == 0 && byOrder.text == run.text)
  }

  @Test(arguments: [(";", ";", "\";\""), ("\t", "tab", "tab"), ("|", "|", "\"|\"")])
  func anotherSeparatorIsNamedWithItsOption(separator: String, option: String, named: String) throws {
    let file = try write(labeled.replacingOccurrences(of: ",", with: separator), to: "data.csv")
    let run = try ProgramRun("evaluate", ["--task", "knn", "--data", file])
    #expect(run.exitCode == 1 && run.errorLines.count == 1)
    #expect(run.errors.contains("\(file): line 1: there are ") && run.errors.contains("give --separator \(named),"))
    let separated = try ProgramRun("evaluate", ["--task", "knn", "--data", file, "--separator", option])
    #expect(separated.exitCode == 0 && separated.text.hasPrefix("{\"accuracy_at_1\":1.0"))
  }

  @Test func oneLabelAndEqualTextsAreWarnedOf() throws {
    let one = try write("text,label\nA dog.,x\nRain.,x\n", to: "one.csv")
    let run = try ProgramRun("evaluate", ["--task", "knn", "--data", one])
    #expect(run.exitCode == 0 && run.errorLines.count == 1 && run.errors.contains("have the label \"x\""))
    let equal = try write("anchor,positive,negative\na,a,a\na,a,a\n", to: "equal.csv")
    let triplets = try ProgramRun("evaluate", ["--task", "triplet", "--data", equal])
    #expect(triplets.exitCode == 0 && triplets.errorLines.count == 1 && triplets.errors.contains("all texts are equal"))
  }

  @Test func aThresholdTellsPairsApart() throws {
    let rows = "A dog barks.,A puppy yelps.,1\nA dog barks.,Rain is falling.,0\nIt rains.,It is raining.,1\n"
    let file = try write("sentence1,sentence2,label\n" + rows, to: "pairs.csv")
    let run = try ProgramRun("evaluate", ["--task", "pairs", "--data", file])
    #expect(run.exitCode == 0 && run.errors.isEmpty)
    let metrics = try JSONDecoder().decode([String: Double].self, from: run.output)
    let perfect = ["accuracy", "f1", "precision", "recall", "ap"]
    #expect(metrics.keys.sorted() == (perfect + ["accuracy_threshold", "f1_threshold"]).sorted())
    #expect(perfect.allSatisfy { metrics[$0] == 1 } && metrics["f1_threshold"] == metrics["accuracy_threshold"])
  }

  @Test(arguments: [false, true]) func labeledTextsAreRetrieved(withTrain: Bool) throws {
    let file = try write(labeled, to: "data.csv")
    let train = withTrain ? ["--train", file] : []
    let run = try ProgramRun("evaluate", ["--task", "retrieval", "--data", file] + train)
    #expect(run.exitCode == 0 && run.errors.isEmpty)
    let metrics = try JSONDecoder().decode([String: [String: Double]].self, from: run.output)
    #expect(metrics.keys.sorted() == ["map", "mrr", "ndcg", "precision", "recall"])
    #expect(metrics.values.allSatisfy { $0.keys.sorted() == ["1", "10", "100", "3", "5"] })
    #expect(metrics["ndcg"]?["10"] == 1 && metrics["mrr"]?["1"] == 1)
    #expect(metrics["precision"]?["5"] == (withTrain ? 0.4 : 0.2) && metrics["recall"]?["1"] == (withTrain ? 0.5 : 1))
  }

  @Test func whatHasNothingRelevantIsWarnedOf() throws {
    let file = try write("text,label\nRain.,x\nA dog.,y\n", to: "alone.csv")
    let run = try ProgramRun("evaluate", ["--task", "retrieval", "--data", file])
    #expect(run.exitCode == 0 && run.errorLines.count == 1 && run.errors.contains(#"each of the labels "x", "y""#))
    let metrics = try JSONDecoder().decode([String: [String: Double?]].self, from: run.output)
    #expect(metrics["map"]?.count == 5 && metrics.values.allSatisfy { $0.values.allSatisfy { $0 == nil } })
  }

  /// A number that the data leaves undefined is no number; a warning says so.
  @Test func undefinedIsNull() throws {
    let file = try write("a,b,1.5\nc,d,1.5\n", to: "equal.csv")
    let run = try ProgramRun("evaluate", ["--task", "sts", "--data", file, "--no-header", "--max-length", "2"])
    #expect(run.exitCode == 0 && run.text == "{\"pearson\":null,\"spearman\":null}\n")
    #expect(run.errorLines.count == 3 && run.errors.contains("all scores are equal"))
    #expect(run.errors.contains("all vectors are equal, though the texts differ"))
    #expect(run.errors.contains("4 of 4 texts were cut to 2 tokens"))
    let quiet = ["--task", "sts", "--data", file, "--no-header", "--max-length", "2", "--quiet"]
    #expect(try ProgramRun("evaluate", quiet).errors.isEmpty)
  }

  @Test func badRowsAreErrorsUnlessSkipped() throws {
    let file = try write(labeled + "Thunder.,\n", to: "data.csv")
    let run = try ProgramRun("evaluate", ["--task", "knn", "--data", file])
    #expect(run.exitCode == 1 && run.output.isEmpty && run.errorLines.count == 1)
    #expect(run.errors.contains("\(file): line 6, column \"label\": empty"))
    let skipped = try ProgramRun("evaluate", ["--task", "knn", "--data", file, "--skip-bad"])
    #expect(skipped.exitCode == 0 && skipped.errors.contains("skipped 1 bad row"))
  }

  /// A table that is no data set is found before a model is looked for.
  @Test func dataIsReadBeforeTheModel() throws {
    let arguments = ["--task", "knn", "--model", folder.path, "--data"]
    let run = try ProgramRun("evaluate", try arguments + [write("text,label\n", to: "empty.csv")])
    #expect(run.exitCode == 1 && run.errors.contains("no rows"))
    #expect(try ProgramRun("evaluate", arguments + ["absent.csv"]).errors.contains("absent.csv: cannot open"))
    let columns = try ProgramRun("evaluate", try arguments + [write("text,kind\na,b\n", to: "columns.csv")])
    #expect(columns.exitCode == 1 && columns.errors.contains(#"no column "label", only "text", "kind""#))
    #expect(columns.errors.contains("give --text-column and the like"))
  }

  @Test func aTableForAnotherTaskIsNamed() throws {
    let file = try write(labeled, to: "data.csv")
    let run = try ProgramRun("evaluate", ["--task", "pairs", "--data", file])
    #expect(run.exitCode == 1 && run.output.isEmpty && run.errorLines.count == 1)
    #expect(run.errors.contains("\(file): line 1: labeled texts where labeled pairs are needed"))
  }

  @Test(arguments: [
    ["--task", "knn"], ["--data", "x.csv"], ["--task", "ranking", "--data", "x.csv"],
    ["--task", "sts", "--data", "x.csv", "--train", "y.csv"],
    ["--task", "sts", "--data", "x.csv", "--data-format", "parquet"],
    ["--task", "sts", "--data", "x.csv", "--separator", ";;"],
    ["--task", "sts", "--data", "x.csv", "--separator", "\""],
  ])
  func wrongUsageExitsWith64(arguments: [String]) throws {
    let run = try ProgramRun("evaluate", arguments)
    #expect(run.exitCode == 64 && run.output.isEmpty)
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func signalsEndIt(number: Int32, code: Int32) throws {
    // A pipe that nobody writes to keeps the program waiting.
    let pipe = folder.appendingPathComponent("pipe.csv").path
    #expect(mkfifo(pipe, 0o600) == 0)
    let program = try RunningProgram("evaluate", ["--task", "knn", "--data", pipe])
    let writer = open(pipe, O_WRONLY)  // returns once the program has opened it
    defer { close(writer) }
    kill(program.processIdentifier, number)
    #expect(program.waitUntilExit().exitCode == code)
  }
}
