// SPDX-License-Identifier: Apache-2.0

import ProgramSupport
import Swiftlet
import SwiftletFiles

/// The JSON Lines log of a run: a line a step and a line a score, each written whole.
final class TrainingLog {
  private let path: String
  private let file: AppendedFile
  private let holdsAllMetrics: Bool

  /// Opens the file, or creates it.
  ///
  /// - Parameter holdsAllMetrics: whether a score's line has all metrics, not the main one alone.
  init(path: String, holdsAllMetrics: Bool = false) throws {
    self.path = path
    self.holdsAllMetrics = holdsAllMetrics
    file = try AppendedFile(path: path)
  }

  /// Drops the lines of steps after `step`, which come again; all lines where a run starts.
  func rewind(to step: Int) throws {
    try file.cut(to: step > 0 ? byteCount(ofStepsUpTo: step) : 0)
  }

  func append(_ report: TrainingEvent.StepReport) throws {
    try append([
      "step": .number(JSONNumber(report.step)),
      "epoch": number(report.epoch),
      "loss": number(report.loss),
      "active_fraction": number(report.statistics.activeFraction),
      "hardest_positive": number(report.statistics.hardestPositive),
      "hardest_negative": number(report.statistics.hardestNegative),
      "grad_norm": number(report.gradientNorm),
      "learning_rate": number(report.learningRate),
      "tokens_per_second": number(report.tokensPerSecond.rounded()),
      "seconds": number((report.seconds * 1000).rounded() / 1000),
      "skipped": .bool(report.isSkipped),
    ])
  }

  func append(_ evaluation: Evaluation, step: Int) throws {
    var line: JSONObject = ["step": .number(JSONNumber(step)), "eval": number(evaluation.main.value)]
    if holdsAllMetrics {
      var metrics = JSONObject()
      for metric in evaluation.metrics { metrics[metric.name] = number(metric.value) }
      line["metrics"] = .object(metrics)
    }
    try append(line)
  }

  private func append(_ object: JSONObject) throws {
    var line: [UInt8] = []
    JSONWriter.append(.object(object), to: &line)
    try file.append(line + [UInt8(ascii: "\n")])
  }

  /// In the fewest digits that read back equal; null for what JSON cannot write.
  private func number(_ value: (some BinaryFloatingPoint & CustomStringConvertible)?) -> JSONValue {
    guard let value, value.isFinite, let shortest = Double(value.description) else { return .null }
    return .number(JSONNumber(shortest))
  }

  /// The bytes of the lines before the first that is of a later step, or that is none of ours.
  private func byteCount(ofStepsUpTo step: Int) throws -> Int {
    var lines = try LineReader(path: path)
    var count = 0
    while let line = try lines.next(),
      let logged = (try? JSONParser.parse(Array(line.utf8)))?.object?["step"]?.int, logged <= step
    {
      count = lines.byteCount
    }
    return count
  }
}
