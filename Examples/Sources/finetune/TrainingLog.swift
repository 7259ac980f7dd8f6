// SPDX-License-Identifier: Apache-2.0

import ProgramSupport
import Swiftlet

/// The JSON Lines log of a run: a line a step and a line a score, each written whole.
final class TrainingLog {
  private let file: AppendedFile

  /// - Parameters:
  ///   - path: the file, which is emptied, unless the run is resumed.
  ///   - resumedStep: the step after which the run goes on; lines of later steps are dropped, they come again. nil for a
  ///     new run.
  init(path: String, resumedStep: Int?) throws {
    let kept = try resumedStep.map { try TrainingLog.byteCount(ofStepsUpTo: $0, in: path) } ?? 0
    file = try AppendedFile(path: path, keeping: kept)
  }

  func append(_ report: StepReport) throws {
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
    try append(["step": .number(JSONNumber(step)), "eval": number(evaluation.main.value)])
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
  private static func byteCount(ofStepsUpTo step: Int, in path: String) throws -> Int {
    guard AppendedFile.exists(path) else { return 0 }
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
