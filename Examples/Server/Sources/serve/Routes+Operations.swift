// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
import Swiftlet

/// What those ask who run the server: its health, its metrics, its description; and the page for a browser.
extension Routes {
  var operations: [Route] {
    let page = Page()
    return [
      get("/health") { _, _ in try ready() }, get("/health/ready") { _, _ in try ready() },
      get("/ping") { _, _ in try ready() },
      // While the server drains, it lives.
      get("/health/live") { _, _ in try live() },
      get("/metrics") { _, _ in metrics },
      get("/openapi.json") { _, _ in Response(jsonBytes: PackageResources.openapi_json) },
      // text-embeddings-inference answers a health check here; a browser is shown a page.
      get("/") { request, _ in
        if request.headers[.accept]?.contains("text/html") ?? false { return page.response }
        return try ready()
      },
    ]
  }

  private func ready() throws -> Response {
    if state.isDraining {
      var error = ServerError(.draining, "the server is shutting down")
      error.retryAfter = 1
      throw error
    }
    return Response(status: .ok)
  }

  /// A round takes milliseconds. One that has not ended after a minute never will.
  private func live() throws -> Response {
    if let progress = service.queue.status.lastProgress, .now - progress > .seconds(60) {
      throw ServerError(.draining, "nothing has been computed for a minute, though something is to be")
    }
    return Response(status: .ok)
  }

  private var metrics: Response {
    let status = service.queue.status
    var text = service.metrics.registry.text()
    func gauge(_ name: String, _ help: String, _ value: Any, type: String = "gauge", labels: String = "") {
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name)\(labels) \(value)\n"
    }
    gauge("te_queue_size", "Requests that wait.", status.waitingRequests)
    gauge("swiftlet_queue_tokens", "Tokens that wait or are computed.", status.waitingTokens + status.runningTokens)
    gauge("swiftlet_queue_bytes", "Bytes of tokens and results in the queue.", status.heldBytes)
    gauge("swiftlet_buffered_bytes", "Bytes of bodies being read and answers being written.", service.budget.usedBytes)
    gauge("swiftlet_connections", "Open connections.", state.connections.count)
    if let cache = service.cache?.status {
      gauge("swiftlet_cache_bytes", "Bytes of the cache.", cache.byteCount)
      gauge("swiftlet_cache_hits_total", "Texts found in the cache.", cache.hits, type: "counter")
      gauge("swiftlet_cache_misses_total", "Texts not found in the cache.", cache.misses, type: "counter")
    }
    let labels = "{version=\"\(swiftletVersion)\",precision=\"\(service.precision.rawValue)\"}"
    gauge("swiftlet_build_info", "The version and the numbers that are computed with.", 1, labels: labels)
    if let process = ProcessStatus.now() {
      gauge("process_resident_memory_bytes", "Resident memory.", process.residentBytes)
      gauge("process_cpu_seconds_total", "Seconds of the processor.", process.processorSeconds, type: "counter")
      gauge("process_open_fds", "Open file descriptors.", process.openDescriptors)
    }
    gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", startTime)
    return Response(
      status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
