// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import Testing

@testable import RunReport

#if canImport(FoundationXML)
  import FoundationXML
#endif

struct RunReportTests {
  private static let hostile = "<script>alert(1)</script>\u{0}\u{1B}\u{202E}\"'&]]>--><svg onload=x>"

  @Test func aPageIsWellFormedAndLoadsNothing() throws {
    let page = try report(labels: 3).html()
    try expectWellFormed(page)
    for address in ["http:", "https:", "//", "url(", "@import", "<link", "<img", "<iframe", " src=", " href="] {
      let found = page.ranges(of: address).map { page[$0.lowerBound...].prefix(40) }
      // The script's own comments are all that may look like it.
      #expect(found.allSatisfy { $0.hasPrefix("// ") }, "\(found)")
    }
    for id in ["plane", "scores", "neighbors", "curves", "settings"] { #expect(page.contains("<section id=\"\(id)\"")) }
    #expect(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"))
    #expect(page.contains("0.250") && page.contains("0.750") && page.contains("kept, step 2"))
    #expect(page.components(of: "role=\"img\" aria-label=") == 2 + 6 + 1)
  }

  @Test func textFromOutsideIsEscapedEverywhere() throws {
    var report = try report(labels: 3, text: RunReportTests.hostile)
    report.title = RunReportTests.hostile
    report.data = RunReportTests.hostile
    report.evaluationData = RunReportTests.hostile
    report.settings = [("frozen", RunReportTests.hostile)]
    report.scores.append(RunReport.Score(name: RunReportTests.hostile, before: nil, after: .nan))
    let page = try report.html()
    try expectWellFormed(page)
    #expect(page.components(of: "<script>") == 1 && !page.contains("<svg onload"))
    #expect(!page.unicodeScalars.contains { $0 == "\u{202E}" || $0.value < 32 && $0 != "\n" })
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
  }

  @Test func withoutEvaluationThereAreCurvesAndSettings() throws {
    var report = try report(labels: 2)
    (report.comparison, report.evaluationData, report.scores, report.mainScore) = (nil, nil, [], nil)
    let page = try report.html()
    try expectWellFormed(page)
    for id in ["plane", "scores", "neighbors"] { #expect(!page.contains("<section id=\"\(id)\"")) }
    #expect(page.contains("<section id=\"curves\"") && page.contains("<section id=\"settings\""))
  }

  @Test func linesBeyondTheColorsAreDashed() throws {
    let lines = (0..<8).map { LineChart.Line(name: "\($0)", points: [.init(step: 1, value: Double($0))], color: $0) }
    let chart = try #require(LineChart(title: "", note: "", lines: lines, lastStep: 1).markup).source
    #expect(chart.components(of: "\"line c1 dashed\"") == 2 && chart.components(of: "\"line c1\"") == 2)
    #expect(chart.components(of: "dot c1") == 2 && !chart.contains("c6"))
  }

  @Test func ofManyLabelsTheMostFrequentHaveMarks() {
    let names = (0..<30).flatMap { label in Array(repeating: "label \(label)", count: label == 20 ? 5 : 2) }
    let marks = LabelMarks(LabeledTexts(texts: names, labels: names))
    #expect(marks.labels == Array(0..<11) + [20])
    #expect(marks[20] == LabelMarks.Mark(color: 5, shape: .triangle) && marks[29] == nil)
    let few = LabelMarks(LabeledTexts(texts: Array(names.prefix(36)), labels: Array(names.prefix(36))))
    #expect(few.labels == Array(0..<18) && few[17] == LabelMarks.Mark(color: 5, shape: .square))
  }

  @Test func ofManyTextsSomeAreDrawn() throws {
    let names = (0..<2500).map { "label \($0 % 30)" }
    let texts = LabeledTexts(texts: names, labels: names)
    let vectors = Tensor((0..<5000).map { Float(($0 * 7919) % 100) + 1 }, shape: [2500, 2])
    let page = PlaneSection(EncoderComparison(texts, before: vectors, after: vectors)).markup.source
    #expect(page.contains("2,000 texts, taken evenly from 2,500") && page.components(of: "<title>") == 4000)
    #expect(page.contains("18 other labels"))
  }

  private func report(labels: Int, text: String = "text") throws -> RunReport {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString).jsonl").path
    let scores = [0.25, 0.75].enumerated().map { #"{"step":\#($0 * 2),"eval":0,"metrics":{"accuracy_at_1":\#($1)}}"# }
    let steps = (1...2).map {
      #"{"step":\#($0),"loss":\#($0),"active_fraction":1,"hardest_positive":1,"hardest_negative":2,"grad_norm":1,"#
        + #""learning_rate":0.1}"#
    }
    try Data((scores + steps).joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
    var report = RunReport(title: "base", data: "train.csv", stepCount: 2, log: path)
    report.evaluationData = "test.csv"
    report.scores = [RunReport.Score(name: "accuracy_at_1", before: 0.25, after: 0.75)]
    (report.mainScore, report.keptStep, report.gradientNormLimit) = ("accuracy_at_1", 2, 1)
    report.settings = [("loss", "batch-hard-triplet")]
    let names = (0..<4 * labels).map { "\(text) \($0)" }, labelNames = names.indices.map { "\(text) \($0 % labels)" }
    func vectors(_ factor: Int) -> Tensor {
      Tensor(names.indices.flatMap { [Float($0 * factor % 7 + 1), Float($0 % labels)] }, shape: [names.count, 2])
    }
    report.comparison = EncoderComparison(
      LabeledTexts(texts: names, labels: labelNames), before: vectors(5), after: vectors(labels))
    return report
  }

  private func expectWellFormed(_ page: String) throws {
    let parser = XMLParser(data: Data(page.utf8))
    #expect(parser.parse(), "line \(parser.lineNumber): \(String(describing: parser.parserError))")
  }
}
