// SPDX-License-Identifier: Apache-2.0

public import CoreMetrics
import Synchronization

/// A backend of swift-metrics that writes what it counted in Prometheus' text format, version 0.0.4.
///
/// Timers and recorders that aggregate are histograms; timers count seconds. The labels of a series are the dimensions of
/// its metric.
///
/// Reference: prometheus.io/docs/instrumenting/exposition_formats.
public final class PrometheusRegistry: MetricsFactory {
  private struct State {
    var families: [String: Family] = [:]
    var descriptions: [String: Description] = [:]
  }

  private struct Description {
    let help: String
    let buckets: [Double]
  }

  private struct Family {
    let kind: String
    var series: [Labels: any Series] = [:]
  }

  /// More series of a family than this count, but are not written: a label that a client chooses fills no memory.
  private static let seriesLimit = 1000

  private static let defaultBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private let state = Mutex(State())

  /// A registry without metrics.
  public init() {}

  /// Says what a family is, before its first metric is made.
  ///
  /// - Parameter buckets: the upper bounds of a histogram's buckets, rising, the last infinite one left out.
  public func describe(_ name: String, _ help: String, buckets: [Double]? = nil) {
    let description = Description(help: help, buckets: buckets ?? PrometheusRegistry.defaultBuckets)
    state.withLock { $0.descriptions[metricName(name)] = description }
  }

  /// All series in the text format. Families and series are sorted.
  public func text() -> String {
    let (families, descriptions) = state.withLock { ($0.families, $0.descriptions) }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      if let help = descriptions[name]?.help {
        text += "# HELP \(name) \(escaped(help, quote: false))\n"
      }
      text += "# TYPE \(name) \(family.kind)\n"
      for (labels, series) in family.series.sorted(by: { $0.key.text < $1.key.text }) {
        series.append(to: &text, name: name, labels: labels)
      }
    }
    return text
  }

  // MARK: MetricsFactory

  /// A counter.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions, kind: "counter") { _ in CounterSeries() }
  }

  /// A gauge.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions, kind: "gauge") { _ in GaugeSeries() }
  }

  /// A histogram if values are aggregated, else a gauge.
  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    guard aggregate else { return series(label, dimensions, kind: "gauge") { _ in GaugeSeries() } }
    return series(label, dimensions, kind: "histogram") { HistogramSeries(bounds: $0) }
  }

  /// A histogram of seconds.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, dimensions, kind: "histogram") { HistogramSeries(bounds: $0) }
  }

  // Series stay: what was counted would be lost.

  /// Does nothing.
  public func destroyCounter(_ handler: any CounterHandler) {}
  /// Does nothing.
  public func destroyMeter(_ handler: any MeterHandler) {}
  /// Does nothing.
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  /// Does nothing.
  public func destroyTimer(_ handler: any TimerHandler) {}

  /// The series with these labels, made if there is none.
  private func series<Kind: Series>(
    _ label: String, _ dimensions: [(String, String)], kind: String, _ make: ([Double]) -> Kind
  ) -> Kind {
    let name = metricName(label), labels = Labels(dimensions)
    return state.withLock { state in
      let new = make(state.descriptions[name]?.buckets ?? PrometheusRegistry.defaultBuckets)
      var family = state.families[name] ?? Family(kind: kind)
      if let known = family.series[labels] as? Kind { return known }
      // A name has one type; a second one counts for nobody.
      guard family.kind == kind, family.series.count < PrometheusRegistry.seriesLimit else { return new }
      family.series[labels] = new
      state.families[name] = family
      return new
    }
  }
}

/// The characters that a name may have; others become low lines.
private func metricName(_ label: String) -> String {
  var name = String(label.unicodeScalars.map { isNameScalar($0) || $0 == ":" ? Character($0) : "_" })
  if name.unicodeScalars.first.map({ ("0"..."9").contains($0) }) ?? true { name = "_" + name }
  return name
}

private func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar {
  case "a"..."z", "A"..."Z", "0"..."9", "_": true
  default: false
  }
}

private func escaped(_ text: String, quote: Bool) -> String {
  var result = ""
  for character in text.unicodeScalars {
    switch character {
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\"" where quote: result += "\\\""
    default: result.unicodeScalars.append(character)
    }
  }
  return result
}

/// The labels of a series as they are written, without braces.
struct Labels: Hashable {
  let text: String

  init(_ dimensions: [(String, String)]) {
    text = dimensions.sorted { $0.0 < $1.0 }.map { name, value in
      let name = String(name.unicodeScalars.map { isNameScalar($0) ? Character($0) : "_" })
      return "\(name)=\"\(escaped(value, quote: true))\""
    }.joined(separator: ",")
  }

  /// In braces, with one more label if it is given.
  func braced(adding extra: String? = nil) -> String {
    let all = [text, extra ?? ""].filter { !$0.isEmpty }.joined(separator: ",")
    return all.isEmpty ? "" : "{\(all)}"
  }
}
