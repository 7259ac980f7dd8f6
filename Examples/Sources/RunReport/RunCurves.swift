// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import SwiftletFiles

/// The numbers of a run's log, by step.
struct RunCurves {
  struct Point: Equatable {
    let step: Double
    let value: Double
  }

  /// The numbers of each key of the lines of steps, as `loss`; steps where there is none are left out.
  private(set) var steps: [String: [Point]] = [:]
  /// The scores that were made on the way, in the order of the log.
  private(set) var metrics: [(name: String, points: [Point])] = []

  subscript(key: String) -> [Point] { steps[key] ?? [] }

  /// - Parameter log: the path of a log in JSON Lines.
  init(log path: String) throws {
    var lines = try LineReader(path: path)
    while let line = try lines.next() {
      guard let object = try JSONParser.parse(Array(line.utf8)).object, let step = object["step"]?.double else {
        continue
      }
      if let metrics = object["metrics"]?.object {
        for metric in metrics.members { append(metric, step) }
      } else {
        for member in object.members {
          if let value = member.value.double { steps[member.key, default: []].append(Point(step: step, value: value)) }
        }
      }
    }
  }

  private mutating func append(_ metric: JSONObject.Member, _ step: Double) {
    guard let value = metric.value.double else { return }
    let point = Point(step: step, value: value)
    if let index = metrics.firstIndex(where: { $0.name == metric.key }) {
      metrics[index].points.append(point)
    } else {
      metrics.append((metric.key, [point]))
    }
  }
}

extension [RunCurves.Point] {
  /// Means of neighbors, where there are more points than a drawing has columns.
  func thinned(to count: Int) -> [RunCurves.Point] {
    let size = (self.count + count - 1) / count
    guard size > 1 else { return self }
    return stride(from: 0, to: self.count, by: size).map { start in
      let group = self[start..<Swift.min(start + size, self.count)]
      return RunCurves.Point(step: group.first!.step, value: group.reduce(0) { $0 + $1.value } / Double(group.count))
    }
  }

  /// For each point the mean of the `width` points around it, of fewer at both ends.
  func smoothed(over width: Int) -> [RunCurves.Point] {
    var sums = [0.0]
    for point in self { sums.append(sums[sums.count - 1] + point.value) }
    return indices.map { index in
      let reach = Swift.min(width / 2, index, count - 1 - index)
      let mean = (sums[index + reach + 1] - sums[index - reach]) / Double(2 * reach + 1)
      return RunCurves.Point(step: self[index].step, value: mean)
    }
  }
}
