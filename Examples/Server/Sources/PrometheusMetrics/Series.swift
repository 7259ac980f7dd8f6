// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// What was counted for one set of labels.
protocol Series: Sendable {
  func append(to text: inout String, name: String, labels: Labels)
}

final class CounterSeries: CounterHandler, Series {
  private let count = Atomic<Int64>(0)

  func increment(by amount: Int64) { count.add(amount, ordering: .relaxed) }

  func reset() { count.store(0, ordering: .relaxed) }

  func append(to text: inout String, name: String, labels: Labels) {
    text += "\(name)\(labels.braced()) \(count.load(ordering: .relaxed))\n"
  }
}

final class GaugeSeries: MeterHandler, RecorderHandler, Series {
  private let value = Mutex(0.0)

  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.withLock { $0 = value } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { increment(by: -amount) }
  func record(_ value: Int64) { set(value) }
  func record(_ value: Double) { set(value) }

  func append(to text: inout String, name: String, labels: Labels) {
    text += "\(name)\(labels.braced()) \(value.withLock { number($0) })\n"
  }
}

final class HistogramSeries: TimerHandler, RecorderHandler, Series {
  private struct State {
    var counts: [Int]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }
  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[bucket] += 1
      state.sum += value
    }
  }

  func append(to text: inout String, name: String, labels: Labels) {
    let state = state.withLock { $0 }
    var total = 0
    for (count, bound) in zip(state.counts, bounds.map(number) + ["+Inf"]) {
      total += count
      text += "\(name)_bucket\(labels.braced(adding: "le=\"\(bound)\"")) \(total)\n"
    }
    text += "\(name)_sum\(labels.braced()) \(number(state.sum))\n"
    text += "\(name)_count\(labels.braced()) \(total)\n"
  }
}

private func number(_ value: Double) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
  return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
}
