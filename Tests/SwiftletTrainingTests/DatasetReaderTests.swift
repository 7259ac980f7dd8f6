// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTraining
import TestSupport
import Testing

struct DatasetReaderTests {
  let folder: TemporaryFolder
  var reader = DatasetReader()

  init() throws { folder = try TemporaryFolder() }

  private func read(_ text: String, _ name: String = "table.csv", as kind: Dataset.Kind? = nil) throws
    -> DatasetReader.Result
  {
    try reader.read(folder.write(text, to: name), as: kind)
  }

  /// A data set as rows of text, its kind first.
  private func rows(_ dataset: Dataset) -> [[String]] {
    let rows: [[String]] =
      switch dataset {
      case .labeledTexts(let data): data.texts.indices.map { [data.texts[$0], data.labelNames[data.labels[$0]]] }
      case .triplets(let data):
        data.anchors.indices.map { [data.anchors[$0], data.positives[$0]] + data.negatives[$0] }
      case .scoredPairs(let data): data.first.indices.map { [data.first[$0], data.second[$0], "\(data.scores[$0])"] }
      case .labeledPairs(let data):
        data.first.indices.map { [data.first[$0], data.second[$0], "\(data.areAlike[$0])"] }
      case .positivePairs(let data): data.anchors.indices.map { [data.anchors[$0], data.positives[$0]] }
      }
    #expect(rows.count == dataset.count)
    return [[dataset.kind.rawValue]] + rows
  }

  @Test(arguments: [
    ("text,label\na,x\nb,y\nc,x\n", [["labeledTexts"], ["a", "x"], ["b", "y"], ["c", "x"]]),
    ("id,label,text\n1,x,a\n", [["labeledTexts"], ["a", "x"]]),
    (
      "\u{FEFF}anchor,positive,negative\r\n\"a\r\nb\",\"c,d\",\"\"\"e\"\"\"\r\n",
      [["triplets"], ["a\nb", "c,d", "\"e\""]]
    ),
    (
      "negative_2,anchor,negative,positive,negative_x,negative_10\nn2,a,n,p,?,n10\n",
      [["triplets"], ["a", "p", "n2", "n", "n10"]]
    ),
    ("sentence1,sentence2,score\na,b,2.5\n\n,,-1e-1\n", [["scoredPairs"], ["a", "b", "2.5"], ["", "", "-0.1"]]),
    ("sentence1,sentence2,score,label\na,b, 1 ,0\n", [["scoredPairs"], ["a", "b", "1.0"]]),
    ("sentence1,sentence2,label\na,b,1\nc,d,0.0", [["labeledPairs"], ["a", "b", "true"], ["c", "d", "false"]]),
    ("anchor,positive\na,b\n,\n", [["positivePairs"], ["a", "b"], ["", ""]]),
    ("positive,query\nb,a\n", [["positivePairs"], ["a", "b"]]),
    ("question,answer\na,b\n", [["positivePairs"], ["a", "b"]]),
    ("document,query\nb,a\n", [["positivePairs"], ["a", "b"]]),
    ("sentence1,sentence2\na,b\n", [["positivePairs"], ["a", "b"]]),
    ("query,passage,score\na,b,3\n", [["scoredPairs"], ["a", "b", "3.0"]]),
    ("query,document,label\na,b,1\n", [["labeledPairs"], ["a", "b", "true"]]),
    ("query,pos,neg,neg_2\na,p,n,m\n", [["triplets"], ["a", "p", "n", "m"]]),
    ("anchor,positive,sentence1,sentence2,score\nx,x,a,b,1\n", [["scoredPairs"], ["a", "b", "1.0"]]),
  ])
  func columnsTellTheKind(text: String, expected: [[String]]) throws {
    let loaded = try read(text)
    #expect(rows(loaded.dataset) == expected)
    #expect(loaded.skippedRows == 0 && loaded.warnings.isEmpty)
  }

  /// A score under another name would be lost.
  @Test func columnsBesideAPairAreNamed() throws {
    let table = try read("id,query,document,relevance\n1,a,b,0\n")
    #expect(rows(table.dataset) == [["positivePairs"], ["a", "b"]])
    let start = "read as pairs of \"query\" and \"document\" that belong together; not used: "
    #expect(table.warnings == ["\(folder.path("table.csv")): \(start)\"id\", \"relevance\""])
    // The column's own name comes before other usual ones.
    let named = try read("query,anchor,document,positive\nx,a,x,p\n")
    #expect(rows(named.dataset) == [["positivePairs"], ["a", "p"]] && named.warnings.count == 1)
    let objects = """
      {"query": "a", "document": "b"}
      {"query": "c", "document": "d", "score": 0}
      {"query": "e", "document": "f", "score": 1}
      """
    #expect(try read(objects, "t.jsonl").warnings == ["\(folder.path("t.jsonl")): \(start)\"score\""])
    #expect(try read(objects, "t.jsonl", as: .positivePairs).warnings.isEmpty)
  }

  @Test(
    arguments: [
      ("a,x\nb,y\n", nil, [["labeledTexts"], ["a", "x"], ["b", "y"]]),
      ("a,b,5.0\nc,d,0\n", nil, [["scoredPairs"], ["a", "b", "5.0"], ["c", "d", "0.0"]]),
      ("a,b,1\nc,d,0\n", nil, [["labeledPairs"], ["a", "b", "true"], ["c", "d", "false"]]),
      ("a,b,1\nc,d,0\n", .scoredPairs, [["scoredPairs"], ["a", "b", "1.0"], ["c", "d", "0.0"]]),
      ("a,p,n\n", nil, [["triplets"], ["a", "p", "n"]]),
      ("a,p,1\n", .triplets, [["triplets"], ["a", "p", "1"]]),
      ("a,p,1,2\n", nil, [["triplets"], ["a", "p", "1", "2"]]),
      ("a,x,more\n", .labeledTexts, [["labeledTexts"], ["a", "x"]]),
      ("a,p\nb,q\n", .positivePairs, [["positivePairs"], ["a", "p"], ["b", "q"]]),
    ] as [(String, Dataset.Kind?, [[String]])])
  mutating func orderTellsTheKindWithoutAHeader(text: String, kind: Dataset.Kind?, expected: [[String]]) throws {
    reader.hasHeader = false
    #expect(try rows(read(text, as: kind).dataset) == expected)
  }

  @Test mutating func numbersNameColumnsWithoutAHeader() throws {
    reader.hasHeader = false
    reader.columns.anchor = "2"
    reader.columns.positive = "1"
    #expect(try rows(read("p,a\nq,b\n").dataset) == [["positivePairs"], ["a", "p"], ["b", "q"]])
    reader.columns.negative = "4"
    #expect(try rows(read("p,a,?,n\n").dataset) == [["triplets"], ["a", "p", "n"]])
    let error = #expect(throws: DatasetError.self) { _ = try read("p,a\n", as: .triplets) }
    #expect(error?.problem == .anotherKind(.positivePairs, expected: .triplets, missing: ["4"]))
  }

  // MARK: Lists

  /// FlagEmbedding's form. A list of positives gives a row each, and every negative stays.
  @Test func listsOfPositivesAndNegatives() throws {
    let objects = """
      {"query": "a", "pos": ["p", "q"], "neg": ["n", "m"], "pos_scores": [1, 2], "prompt": "?"}
      {"query": "b", "pos": "r", "neg": "o"}
      {"query": "c", "pos": ["s"], "neg": ["t"], "neg_2": "u", "negative_3": ["v", "w"]}
      """
    let loaded = try read(objects, "t.jsonl")
    let expected = [
      ["triplets"], ["a", "p", "n", "m"], ["a", "q", "n", "m"], ["b", "r", "o"], ["c", "s", "t", "u", "v", "w"],
    ]
    #expect(rows(loaded.dataset) == expected && loaded.warnings.isEmpty)
    #expect(
      try rows(read(objects, "t.jsonl", as: .positivePairs).dataset)
        == [["positivePairs"], ["a", "p"], ["a", "q"], ["b", "r"], ["c", "s"]])
    // Later objects may have more negatives than the first.
    let columns = """
      {"query": "a", "positive": "p", "negative_1": "n"}
      {"query": "b", "positive": "q", "negative_1": "m", "negative_2": "o"}
      """
    #expect(try rows(read(columns, "t.jsonl").dataset) == [["triplets"], ["a", "p", "n"], ["b", "q", "m", "o"]])
  }

  @Test mutating func objectsWithoutNegatives() throws {
    let none = """
      {"query": "a", "pos": ["p", "q"], "neg": []}
      {"query": "b", "pos": ["r"]}
      """
    let pairs = try read(none, "t.jsonl").dataset
    #expect(rows(pairs) == [["positivePairs"], ["a", "p"], ["a", "q"], ["b", "r"]])
    let asked = #expect(throws: DatasetError.self) { _ = try read(none, "t.jsonl", as: .triplets) }
    #expect(asked?.problem == .noNegative && asked?.line == 1)

    // The object without a negative is wrong, also if it is the first.
    let some = "\(none)\n{\"query\": \"c\", \"pos\": [\"s\"], \"neg\": [\"n\"]}"
    let error = #expect(throws: DatasetError.self) { _ = try read(some, "t.jsonl") }
    #expect(error?.problem == .noNegative && error?.line == 1)
    #expect(error?.description == "\(folder.path("t.jsonl")): line 1: no negative; add one, or leave the row out")
    reader.skipsBadRows = true
    let loaded = try read(some, "t.jsonl")
    #expect(rows(loaded.dataset) == [["triplets"], ["c", "s", "n"]] && loaded.skippedRows == 2)
    #expect(loaded.warnings.count == 3)
  }

  @Test(
    arguments: [
      (#"{"query": "a", "pos": [], "neg": ["n"]}"#, "pos", .emptyList),
      (#"{"query": "a", "pos": ["p", 1], "neg": ["n"]}"#, "pos", .unusableValue(found: "a list with a number")),
      (#"{"query": "a", "pos": ["p"], "neg": ["n", null]}"#, "neg", .unusableValue(found: "a list with null")),
      (#"{"query": ["a"], "pos": ["p"], "neg": ["n"]}"#, "query", .unusableValue(found: "an array")),
      (#"{"query": "a", "pos": "p", "neg": null}"#, "neg", .unusableValue(found: "null")),
      (#"{"query": "a", "neg": "n"}"#, "pos", .noValue),
      (#"{"pos": "p", "neg": "n"}"#, "query", .noValue),
    ] as [(String, String, DatasetError.Problem)])
  func wrongLists(object: String, column: String, reason: DatasetError.Problem) throws {
    let good = #"{"query": "a", "pos": "p", "neg": "n"}"#
    let error = #expect(throws: DatasetError.self) { _ = try read("\(good)\n\(object)", "t.jsonl") }
    #expect(error?.line == 2 && error?.column == column && error?.problem == reason)
  }

  // MARK: Separators

  @Test(
    arguments: [
      (";", "text;label\n\"a;b\";x\n", "t.csv"), ("\t", "text\tlabel\na;b\tx\n", "t.csv"),
      ("|", "text|label\na;b|x\n", "t.csv"), (";", "sep=;\ntext;label\n\"a;b\";x\n", "t.csv"),
      (",", "sep=,\r\ntext,label\r\na;b,x\r\n", "t.csv"), (",", "text,label\na;b,x\n", "t.tsv"),
    ] as [(Unicode.Scalar, String, String)])
  mutating func separatorsAreThoseOfTheReader(separator: Unicode.Scalar, text: String, name: String) throws {
    reader.separator = separator
    #expect(try rows(read(text, name).dataset) == [["labeledTexts"], ["a;b", "x"]])
  }

  @Test(
    arguments: [
      ("text;label\na;x\n", "t.csv", .otherSeparator(FieldSeparator(";"), expected: .comma)),
      ("text|label\na|x\n", "t.csv", .otherSeparator(FieldSeparator("|"), expected: .comma)),
      ("text\tlabel\na\tx\n", "t.csv", .otherSeparator(.tab, expected: .comma)),
      ("text,label\na,x\n", "t.tsv", .otherSeparator(.comma, expected: .tab)),
      ("\"text\",\"label\"\na,x\n", "t.tsv", .otherSeparator(.comma, expected: .tab)),
      ("a, b;text;label\n", "t.csv", .otherSeparator(FieldSeparator(";"), expected: .comma)),
      ("text;label;note, if any\n", "t.csv", .otherSeparator(FieldSeparator(";"), expected: .comma)),
      ("Frage;Antwort\na;x\n", "t.csv", .otherSeparator(FieldSeparator(";"), expected: .comma)),
      ("sep=;\ntext;label\n", "t.csv", .separatorLine(FieldSeparator(";"), expected: .comma)),
      ("sep=\t\ntext\tlabel\n", "t.csv", .separatorLine(.tab, expected: .comma)),
      ("SEP=,\ntext,label\n", "t.tsv", .separatorLine(.comma, expected: .tab)),
    ] as [(String, String, DatasetError.Problem)])
  mutating func anotherSeparatorIsNamed(text: String, name: String, reason: DatasetError.Problem) throws {
    for skipsBadRows in [false, true] {
      reader.skipsBadRows = skipsBadRows
      let error = #expect(throws: DatasetError.self) { _ = try read(text, name) }
      #expect(error?.problem == reason && error?.line == 1)
    }
  }

  @Test mutating func theRemedyNamesTheOption() throws {
    let error = #expect(throws: DatasetError.self) { _ = try read("text\tlabel\na\tx\n") }
    #expect(
      error?.description
        == "\(folder.path("table.csv")): line 1: there are tabs where commas should separate columns; if tabs separate "
        + "the columns, give --separator tab, in Swift DatasetReader.separator")
    let line = #expect(throws: DatasetError.self) { _ = try read("sep=;\ntext;label\na;x\n") }
    #expect(line?.reason == "line 1: it says that semicolons separate columns, not commas")
    reader.hasHeader = false
    let unnamed = #expect(throws: DatasetError.self) { _ = try read("a;x\nb;y\n") }
    #expect(unnamed?.problem == .otherSeparator(FieldSeparator(";"), expected: .comma))
    #expect(throws: DatasetError.self) { _ = try read("sep=;\na;x,y\n") }
    reader.skipsBadRows = true
    #expect(throws: DatasetError.self) { _ = try read("sep=;\na;x,y\n") }
  }

  @Test func readsTabsAndObjects() throws {
    #expect(try rows(read("text\tlabel\na, \"b\tx\n", "t.TSV").dataset) == [["labeledTexts"], ["a, \"b", "x"]])
    let objects = """
      {"label": 3, "text": "a\\nb", "more": null}

      {"text": "c", "label": true}
      {"text": "d", "label": "3"}
      """
    #expect(
      try rows(read(objects, "t.jsonl").dataset) == [["labeledTexts"], ["a\nb", "3"], ["c", "true"], ["d", "3"]])
    let pairs = #"{"sentence1": "a", "sentence2": "b", "label": false}"#
    #expect(try rows(read(pairs, "t.ndjson").dataset) == [["labeledPairs"], ["a", "b", "false"]])
    let triplets = #"{"anchor": "a", "positive": "p", "negative_1": "n", "negative_2": "m"}"#
    #expect(try rows(read(triplets, "t.jsonl").dataset) == [["triplets"], ["a", "p", "n", "m"]])
  }

  @Test mutating func formatAndNamesFollowTheOptions() throws {
    reader.format = .tsv
    reader.columns.text = "question"
    reader.columns.label = "category"
    #expect(try rows(read("category\tquestion\nx\ta\n", "data.txt").dataset) == [["labeledTexts"], ["a", "x"]])
  }

  @Test func labelsAreNumberedByFirstAppearanceAndComparedByBytes() throws {
    let data = LabeledTexts(texts: ["1", "2", "3", "4"], labels: ["é", "b", "e\u{301}", "é"])
    #expect(data.labels == [0, 1, 2, 0])
    #expect(data.labelsOfOneText.map { Array($0.utf8) } == [Array("b".utf8), Array("e\u{301}".utf8)])
    #expect(
      data.warning
        == "only one text has each of the labels \"b\", \"e\u{301}\": it has no positive until there is another")
    #expect(LabeledTexts(texts: ["5", "6"], labels: ["x", "x"]).warning == nil)
    let other = LabeledTexts(texts: ["7", "8", "9"], labels: ["new", "b", "e\u{301}"])
    #expect(other.labels(numberedAs: data.labelNames) == [3, 1, 2])
  }

  @Test(
    arguments: [
      ("a.csv", "text,category\na,x\n", 1, nil, .missingColumns(["label"], found: ["text", "category"])),
      ("a.csv", "a,b,c\n", 1, nil, .missingColumns(["text", "label"], found: ["a", "b", "c"])),
      ("a.csv", "sentence1,score\na,1\n", 1, nil, .missingColumns(["sentence2"], found: ["sentence1", "score"])),
      ("a.csv", "anchor,text\na,b\n", 1, nil, .missingColumns(["label"], found: ["anchor", "text"])),
      ("a.csv", "query,reply\na,b\n", 1, nil, .missingColumns(["positive"], found: ["query", "reply"])),
      ("a.csv", "query,negative\na,b\n", 1, nil, .missingColumns(["positive"], found: ["query", "negative"])),
      ("a.csv", "query,passage,answer\na,b,c\n", 1, nil, .ambiguousColumns(["passage", "answer"])),
      ("a.csv", "text,text,label\n", 1, nil, .duplicateColumn("text")),
      ("a.csv", "text,label\n\"a\nb\",x\n\nc,x,y\n", 5, nil, .fieldCount(3, expected: 2)),
      ("a.csv", "text,label\na,x\nb,\n", 3, "label", .emptyLabel),
      ("a.csv", "sentence1,sentence2,score\na,b,high\n", 2, "score", .notANumber("high")),
      ("a.csv", "sentence1,sentence2,score\na,b,nan\n", 2, "score", .notANumber("nan")),
      ("a.csv", "sentence1,sentence2,score\na,b,1e999\n", 2, "score", .notANumber("1e999")),
      ("a.csv", "sentence1,sentence2,label\na,b,2\n", 2, "label", .notZeroOrOne("2")),
      ("a.csv", "text,label\n\n", nil, nil, .noRows),
      ("a.csv", "", nil, nil, .noRows),
      ("a.jsonl", "", nil, nil, .noRows),
      ("a.json", "", nil, nil, .unknownFormat),
      ("a", "", nil, nil, .unknownFormat),
      ("a.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n[1]", 2, nil, .notAnObject(found: "an array")),
      ("a.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\"}", 2, "label", .noValue),
      ("a.jsonl", "{\"text\": 1, \"label\": \"x\"}", 1, "text", .unusableValue(found: "a number")),
      ("a.jsonl", "{\"text\": \"1\", \"label\": null}", 1, "label", .unusableValue(found: "null")),
    ] as [(String, String, Int?, String?, DatasetError.Problem)])
  func namesPlaceAndReason(
    name: String, text: String, line: Int?, column: String?, reason: DatasetError.Problem
  ) throws {
    let error = #expect(throws: DatasetError.self) { _ = try read(text, name) }
    #expect(error?.path == folder.path(name) && error?.line == line && error?.column == column)
    #expect(error?.problem == reason)
    #expect(error?.description.contains("\n") == false)
  }

  @Test mutating func columnsHaveNumbersWithoutAHeader() throws {
    reader.hasHeader = false
    let error = #expect(throws: DatasetError.self) { _ = try read("a,b,1\nc,d,many\n") }
    let place = "\(folder.path("table.csv")): line 2, column 3"
    #expect(
      error?.description == "\(place): \"many\" is not a finite number; write one with a decimal point, as 0.5")
    #expect(error?.reason == "line 2, column 3: \"many\" is not a finite number")
    #expect(error?.remedy == "write one with a decimal point, as 0.5")
    #expect(throws: DatasetError.self) { _ = try read("a\n") }
    #expect(throws: DatasetError.self) { _ = try read("a,b\n", as: .scoredPairs) }
  }

  @Test func theKindAskedForIsRequired() throws {
    let error = #expect(throws: DatasetError.self) { _ = try read("text,label\na,x\n", as: .scoredPairs) }
    let missing = ["sentence1", "sentence2", "score"]
    #expect(error?.problem == .anotherKind(.labeledTexts, expected: .scoredPairs, missing: missing))
    let neither = #expect(throws: DatasetError.self) { _ = try read("text,kind\na,x\n", as: .scoredPairs) }
    #expect(neither?.problem == .missingColumns(missing, found: ["text", "kind"]))
  }

  @Test func errorsOfLowerLayersNameTheLine() throws {
    let table = #expect(throws: TableError.self) { _ = try read("text,label\na\"b,x\n") }
    #expect(table?.line == 2 && table?.column == 2)
    let json = #expect(throws: JSONError.self) { _ = try read("\n{\"text\": }", "a.jsonl") }
    #expect(json?.line == 2 && json?.column == 10 && json?.path == folder.path("a.jsonl"))
    let text = #expect(throws: TextError.self) { _ = try reader.read(folder.write([0x61, 0xFF], to: "a.csv")) }
    #expect(text?.line == 1)
    #expect(throws: FileError.self) { _ = try reader.read(folder.path("none.csv")) }
  }

  @Test mutating func badRowsAreSkippedAndCounted() throws {
    reader.skipsBadRows = true
    let bad = (1...6).map { "row \($0)\n" }.joined()
    let loaded = try read("text,label\na,x\n\(bad)b,\nc\"d,x\ne,x\n")
    #expect(rows(loaded.dataset) == [["labeledTexts"], ["a", "x"], ["e", "x"]])
    #expect(loaded.skippedRows == 8 && loaded.warnings.count == 6)
    #expect(loaded.warnings[0].contains("line 3"))
    #expect(loaded.warnings[5] == "\(folder.path("table.csv")): skipped 8 bad rows")

    let objects = try read("nothing\n{\"text\": \"a\"}\n{\"text\": \"a\", \"label\": \"x\"}\n", "a.jsonl")
    #expect(objects.dataset.count == 1 && objects.skippedRows == 2)
  }

  /// Errors that no single row causes stay errors.
  @Test mutating func aBadFileIsNotSkipped() throws {
    reader.skipsBadRows = true
    #expect(throws: DatasetError.self) { _ = try read("text,name\na,x\n") }
    #expect(throws: TableError.self) { _ = try read("text,label\na,x\n\"b,x\nc,x\n") }
    let first = #expect(throws: DatasetError.self) { _ = try read("text,label\na\nb\n") }
    #expect(first?.problem == .fieldCount(1, expected: 2) && first?.line == 2)
  }
}
