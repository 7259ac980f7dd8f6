// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import RunReport

struct RunCurvesTests {
  @Test func aLogsNumbersAreFoundByStep() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("curves-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: path) }
    let lines = [
      #"{"step":0,"eval":0.25,"metrics":{"accuracy_at_1":0.25,"map_at_r":null}}"#,
      #"{"step":1,"loss":5,"active_fraction":null,"skipped":false}"#, #"{"step":2,"loss":4.5,"active_fraction":1}"#,
      #"{"step":2,"eval":0.5,"metrics":{"accuracy_at_1":0.5,"map_at_r":0.125}}"#,
    ]
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: path)
    let curves = try RunCurves(log: path.path)
    #expect(curves["loss"] == [point(1, 5), point(2, 4.5)] && curves["active_fraction"] == [point(2, 1)])
    #expect(curves.metrics.map(\.name) == ["accuracy_at_1", "map_at_r"])
    #expect(curves.metrics.map(\.points) == [[point(0, 0.25), point(2, 0.5)], [point(2, 0.125)]])
  }

  @Test func meansOfNeighborsThinAndSmooth() {
    let points = [0, 2, 4, 9, 11, 4, 3].enumerated().map { point(Double($0), $1) }
    #expect(points.thinned(to: 7) == points)
    #expect(points.thinned(to: 3) == [point(0, 2), point(3, 8), point(6, 3)])
    let means: [Double] = [0, 2, 5, 8, 8, 6, 3]
    #expect(points.smoothed(over: 3).map(\.value) == means)
  }

  private func point(_ step: Double, _ value: Double) -> RunCurves.Point { RunCurves.Point(step: step, value: value) }
}
