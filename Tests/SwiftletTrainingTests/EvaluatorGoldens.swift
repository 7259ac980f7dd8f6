// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors
import SwiftletTraining
import TestSupport
import Testing

/// Vectors and labels, and the references' metrics for them.
struct EvaluatorGoldens {
  private let golden: JSONObject

  init() throws {
    golden = try #require(JSONParser.parse(path: fixture("evaluators.json"), limit: 1 << 20).object)
  }

  subscript(name: String) -> JSONValue? { golden[name] }

  func rows(_ name: String) throws -> [[Float]] {
    try #require(golden[name]?.array).map { try #require($0.array).map { Float(try #require($0.double)) } }
  }

  func labels(_ name: String) throws -> [Int] { try #require(golden[name]?.array).compactMap(\.int) }

  /// Expects the golden's metrics of this name. Ours use cosines in float32, which only thresholds show.
  func expect(_ evaluation: Evaluation, equals name: String) throws {
    let expected = try #require(golden[name]?.object).members
    #expect(evaluation.metrics.map(\.name) == expected.map(\.key))
    for (metric, member) in zip(evaluation.metrics, expected) {
      let tolerance = metric.name.hasSuffix("threshold") ? 1e-6 : 1e-12
      #expect(abs(metric.value - (member.value.double ?? .nan)) < tolerance, "\(metric.name)")
    }
  }
}

func tensor(_ rows: [[Float]]) -> Tensor { Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]) }

/// Different texts with these labels.
func texts(_ labels: [Int]) -> LabeledTexts {
  LabeledTexts(texts: labels.indices.map { "text \($0)" }, labels: labels.map { "\($0)" })
}
