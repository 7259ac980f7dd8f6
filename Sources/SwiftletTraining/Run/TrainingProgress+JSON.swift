// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension TrainingProgress {
  var json: JSONObject {
    [
      "step": .number(JSONNumber(step)), "skipped": .number(JSONNumber(skipped)),
      "skipped_in_a_row": .number(JSONNumber(skippedInARow)), "seconds": .number(JSONNumber(seconds)),
      "evaluated_at": evaluatedAt.map { .number(JSONNumber($0)) } ?? .null,
      "baseline": baseline.map { .object($0.json) } ?? .null,
      "best_step": best.map { .number(JSONNumber($0.step)) } ?? .null,
      "best": best.map { .object($0.evaluation.json) } ?? .null,
      "evaluations_since_best": .number(JSONNumber(evaluationsSinceBest)),
    ]
  }

  /// Reads the value of ``json``; nil if something is missing.
  init?(_ json: JSONObject) {
    guard let step = json["step"]?.int, let skipped = json["skipped"]?.int,
      let skippedInARow = json["skipped_in_a_row"]?.int, let seconds = json["seconds"]?.double,
      let evaluationsSinceBest = json["evaluations_since_best"]?.int
    else { return nil }
    self.init(step: step, skipped: skipped, skippedInARow: skippedInARow)
    self.seconds = seconds
    self.evaluationsSinceBest = evaluationsSinceBest
    evaluatedAt = json["evaluated_at"]?.int
    baseline = json["baseline"]?.object.flatMap(Evaluation.init)
    if let step = json["best_step"]?.int, let evaluation = json["best"]?.object.flatMap(Evaluation.init) {
      best = (step, evaluation)
    }
  }
}

extension Evaluation {
  /// All metrics by name, null if undefined, and the name of the main one.
  fileprivate var json: JSONObject {
    var values = JSONObject()
    for metric in metrics { values[metric.name] = metric.value.isNaN ? .null : .number(JSONNumber(metric.value)) }
    return ["metrics": .object(values), "main": .string(main.name)]
  }

  fileprivate init?(_ json: JSONObject) {
    guard let members = json["metrics"]?.object?.members,
      let main = members.firstIndex(where: { $0.key == json["main"]?.string })
    else { return nil }
    self.init(members.map { ($0.key, $0.value.double ?? .nan) }, main: main)
  }
}
