// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Metrics
import PrometheusMetrics
import Swiftlet
import Synchronization

/// The server's metrics, under text-embeddings-inference's names, so that dashboards made for it work here, and under
/// OpenTelemetry's. All series are there from the start.
final class ServerMetrics: Sendable {
  let registry: PrometheusRegistry

  private let requestCount: [String: Counter]
  private let requestSuccess: [String: Counter]
  private let failures: [String: Counter]
  private let embedCount: Counter
  private let embedSuccess: Counter
  private let predictCount: Counter
  private let predictSuccess: Counter
  private let timers: [String: Timer]
  private let inputLength: Recorder
  private let batchSize: Recorder
  private let batchTokens: Recorder
  private let truncatedInputs: Counter
  private let tokenIDInputs: Counter
  private let computedTokens: Counter
  private let roundDuration: Timer
  private let requestTimers = Mutex<[RequestKind: Timer]>([:])

  /// text-embeddings-inference's kinds of failures.
  private static let failureNames = [
    "validation", "batch_size", "tokenization", "overloaded", "model_type", "inference", "dropped",
  ]
  private static let phases = ["", "_tokenization", "_queue", "_inference"]

  init(registry: PrometheusRegistry) {
    self.registry = registry
    func describe(_ name: String, _ help: String, _ buckets: [Double]? = nil) {
      registry.describe(name, help, buckets: buckets)
    }
    func powers(_ range: ClosedRange<Int>) -> [Double] { range.map { Double(1 << $0) } }
    func geometric(_ count: Int, from first: Double, ratio: Double) -> [Double] {
      (1..<count).reduce(into: [first]) { bounds, _ in bounds.append(bounds[bounds.count - 1] * ratio) }
    }
    let durations = geometric(35, from: 1e-5, ratio: 1.5)
    describe("te_request_count", "Requests, by whether they bring one text or several.")
    describe("te_request_success", "Requests that were answered.")
    describe("te_request_failure", "Requests that were refused or failed, by reason.")
    describe("te_embed_count", "Texts to embed.")
    describe("te_embed_success", "Texts that were embedded.")
    describe("te_predict_count", "Pairs to score.")
    describe("te_predict_success", "Pairs that were scored.")
    for kind in ["request", "embed", "predict"] {
      for phase in ServerMetrics.phases {
        describe("te_\(kind)\(phase)_duration", "Seconds of a request\(phase.isEmpty ? "" : ", this part").", durations)
      }
    }
    describe("te_request_input_length", "Tokens of a text.", powers(0...19))
    describe("te_batch_next_size", "Texts that were computed together.", powers(0...12))
    describe("te_batch_next_tokens", "Tokens that were computed together.", powers(0...20))
    describe("http_server_request_duration_seconds", "Seconds from a request's head to its answer.")
    describe("swiftlet_truncated_inputs_total", "Texts that were cut to the model's maximum.")
    describe("swiftlet_token_id_inputs_total", "Texts that came to /v1 as token ids.")
    describe("swiftlet_computed_tokens_total", "Tokens that were computed.")
    describe(
      "swiftlet_round_duration_seconds", "Seconds that a thread computed before it turned to other requests.",
      geometric(50, from: 1e-3, ratio: 1.2))

    func counter(_ name: String, _ dimensions: [(String, String)] = []) -> Counter {
      Counter(label: name, dimensions: dimensions, factory: registry)
    }
    func counters(_ name: String, _ dimension: String, _ values: [String]) -> [String: Counter] {
      Dictionary(uniqueKeysWithValues: values.map { ($0, counter(name, [(dimension, $0)])) })
    }
    func recorder(_ name: String) -> Recorder { Recorder(label: name, aggregate: true, factory: registry) }
    requestCount = counters("te_request_count", "method", ["single", "batch"])
    requestSuccess = counters("te_request_success", "method", ["single", "batch"])
    failures = counters("te_request_failure", "err", ServerMetrics.failureNames)
    embedCount = counter("te_embed_count")
    embedSuccess = counter("te_embed_success")
    predictCount = counter("te_predict_count")
    predictSuccess = counter("te_predict_success")
    timers = Dictionary(
      uniqueKeysWithValues: ["request", "embed", "predict"].flatMap { kind in
        ServerMetrics.phases.map { phase in
          ("\(kind)\(phase)", Timer(label: "te_\(kind)\(phase)_duration", factory: registry))
        }
      })
    inputLength = recorder("te_request_input_length")
    batchSize = recorder("te_batch_next_size")
    batchTokens = recorder("te_batch_next_tokens")
    truncatedInputs = counter("swiftlet_truncated_inputs_total")
    tokenIDInputs = counter("swiftlet_token_id_inputs_total")
    computedTokens = counter("swiftlet_computed_tokens_total")
    roundDuration = Timer(label: "swiftlet_round_duration_seconds", factory: registry)
  }

  /// Makes the series of every route, so that a dashboard finds them before the first request.
  func prepare(_ paths: PathTable) {
    for route in paths.all where route != PathTable.other {
      for method in paths.methods(of: route) ?? [] where method != .head { _ = timer(route, method.rawValue, 200) }
    }
  }

  func note(_ round: RequestQueue.Round) {
    batchSize.record(round.sequenceCount)
    batchTokens.record(round.tokenCount)
    computedTokens.increment(by: round.tokenCount)
    roundDuration.record(duration: round.duration)
  }

  func note(lengths: [Int]) { lengths.forEach { inputLength.record($0) } }

  func noteTokenIDs(inputs: Int) { tokenIDInputs.increment(by: inputs) }

  /// - Parameters:
  ///   - inputCount: the number of texts to embed or pairs to score; nil for other requests.
  ///   - work: what a successful request took; nil for others.
  func note(
    route: String, method: HTTPRequest.Method, status: HTTPResponse.Status, duration: Duration, inputCount: Int?,
    work: RequestWork?
  ) {
    timer(route, method.rawValue, status.code).record(duration: duration)
    guard let inputCount else { return }
    let isPrediction = ["/rerank", "/v1/rerank", "/v2/rerank", "/predict"].contains(route)
    let size = inputCount == 1 ? "single" : "batch"
    requestCount[size]?.increment()
    (isPrediction ? predictCount : embedCount).increment(by: inputCount)
    guard let work else { return }
    requestSuccess[size]?.increment()
    (isPrediction ? predictSuccess : embedSuccess).increment(by: work.inputCount)
    truncatedInputs.increment(by: work.truncatedCount)
    let parts = [duration, work.tokenization, work.queueing, work.inference]
    for kind in ["request", isPrediction ? "predict" : "embed"] {
      for (phase, part) in zip(ServerMetrics.phases, parts) { timers["\(kind)\(phase)"]?.record(duration: part) }
    }
  }

  /// - Parameter failure: what the client is told; nil for an error that tells it nothing.
  func note(failure: ServerError?, _ error: any Error) {
    let name: String? =
      if error is CancellationError { "dropped" } else {
        switch failure?.kind {
        case .overloaded, .draining: "overloaded"
        case .wrongModel: "model_type"
        case .failed, nil: "inference"
        case .badRequest, .invalid, .empty: "validation"
        case .bodyTooLarge: "batch_size"
        default: nil
        }
      }
    if let name { failures[name]?.increment() }
  }

  private struct RequestKind: Hashable {
    let route: String
    let method: String
    let status: Int
  }

  /// The timer of a kind of requests, made with the first of them.
  private func timer(_ route: String, _ method: String, _ status: Int) -> Timer {
    let known = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]
    let kind = RequestKind(route: route, method: known.contains(method) ? method : "_OTHER", status: status)
    return requestTimers.withLock { timers in
      if let timer = timers[kind] { return timer }
      let timer = Timer(
        label: "http_server_request_duration_seconds",
        dimensions: [
          ("http_route", kind.route), ("http_request_method", kind.method), ("http_response_status_code", "\(status)"),
        ], factory: registry)
      timers[kind] = timer
      return timer
    }
  }
}
