// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import SwiftletFiles

/// Outermost middleware: numbers requests, turns errors into answers, and fills headers, metrics and the access log. No
/// text of a client gets into any of them.
struct ObservingMiddleware: RouterMiddleware {
  let service: EmbeddingService
  let state: ServerState
  let paths: PathTable

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.requestID = requestID(request, context)
    let route = paths.route(of: request.uri.path)
    var response: Response
    do {
      response = try await next(request, context)
    } catch let error as HTTPParserError {
      // Not HTTP: Hummingbird answers 400 and closes.
      throw error
    } catch {
      response = self.response(to: error, request, context, route)
    }
    response.headers[.requestID] = context.requestID
    if state.isDraining { response.headers[.connection] = "close" }
    if let work = context.work.value, response.status == .ok { addHeaders(work, context, to: &response) }
    service.metrics.note(
      route: route, method: request.method, status: response.status, duration: .now - context.arrival,
      inputCount: context.work.inputCount, work: response.status == .ok ? context.work.value : nil)
    if service.settings.logsAccess { log(request, response, context, route) }
    return response
  }

  private func response(to error: any Error, _ request: Request, _ context: ServerContext, _ route: String) -> Response
  {
    var known = ServerError(error)
    let dialect = known?.dialect ?? paths.dialect(of: route, path: request.uri.path)
    if known?.kind == .notFound, let methods = paths.methods(of: route), !methods.contains(request.method) {
      known = ServerError(.methodNotAllowed, "this path has other methods")
      known?.allowed = methods
    }
    service.metrics.note(failure: known, error)
    if let known { return known.response(dialect) }
    guard !(error is CancellationError) else {
      // Nobody reads it.
      return ServerError(.timeout, "the client went away").response(dialect)
    }
    context.logger.error("a request failed", metadata: ["error": "\(error)", "route": "\(route)"])
    return ServerError(.failed, "the request failed").response(dialect)
  }

  /// The client's number for the request if it is short and visible, else one of our own.
  private func requestID(_ request: Request, _ context: ServerContext) -> String {
    if let id = request.headers[.requestID], (1...128).contains(id.utf8.count),
      id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    {
      return id
    }
    return context.id
  }

  private func addHeaders(_ work: RequestWork, _ context: ServerContext, to response: inout Response) {
    func milliseconds(_ duration: Duration) -> String { "\(Int(duration / .milliseconds(1)))" }
    func timing(_ duration: Duration) -> String { "dur=\((duration / .milliseconds(1) * 1000).rounded() / 1000)" }
    let total = .now - context.arrival
    response.headers[.computeType] = "cpu"
    response.headers[.computeTime] = milliseconds(total)
    response.headers[.computeCharacters] = "\(work.characterCount)"
    response.headers[.computeTokens] = "\(work.tokenCount)"
    response.headers[.totalTime] = milliseconds(total)
    response.headers[.tokenizationTime] = milliseconds(work.tokenization)
    response.headers[.queueTime] = milliseconds(work.queueing)
    response.headers[.inferenceTime] = milliseconds(work.inference)
    response.headers[.model] = work.model
    response.headers[.truncatedInputs] = "\(work.truncatedCount)"
    response.headers[.serverTiming] =
      "total;\(timing(total)), tok;\(timing(work.tokenization)), queue;\(timing(work.queueing)), "
      + "infer;\(timing(work.inference))"
  }

  private func log(_ request: Request, _ response: Response, _ context: ServerContext, _ route: String) {
    var metadata: Logger.Metadata = [
      "request.id": "\(context.requestID)", "method": "\(request.method)", "route": "\(route)",
      "status": "\(response.status.code)", "ms": "\((.now - context.arrival) / .milliseconds(1))",
    ]
    if let work = context.work.value {
      metadata["inputs"] = "\(work.inputCount)"
      metadata["tokens"] = "\(work.tokenCount)"
      metadata["truncated"] = "\(work.truncatedCount)"
    }
    // The trace's number is the second part (W3C Trace Context).
    if let parent = request.headers[.traceParent]?.split(separator: "-"), parent.count == 4,
      parent[1].count == 32, parent[1].allSatisfy(\.isHexDigit)
    {
      metadata["trace.id"] = "\(parent[1])"
    }
    context.logger.info("request", metadata: metadata)
  }
}

/// Refuses requests of other sites' pages, of clients without a key, and of everyone while the server drains. Health
/// checks are open to all.
struct AdmissionMiddleware: RouterMiddleware {
  let service: EmbeddingService
  let state: ServerState

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let settings = service.settings, path = PathTable.normalized(request.uri.path)
    if settings.checksHost, !namesLoopback(request.head.authority) {
      throw closing(ServerError(.host, "this server is asked by the name of its own machine only"))
    }
    let isOpen =
      ["/health", "/health/live", "/health/ready", "/ping", "/metrics"].contains(path)
      || (path == "/" && request.method == .get)
    // What checks health may speak HTTP/1.0, which needs none.
    if (request.head.authority == nil && !isOpen) || !request.headers[values: .furtherHost].isEmpty {
      throw closing(ServerError(.badRequest, "a request has one host"))
    }
    if !isOpen {
      if let keys = settings.keys, !keys.accept(request.headers[.authorization]) {
        throw closing(ServerError(.unauthorized, "an API key is needed: Authorization: Bearer KEY"))
      }
      if state.isDraining {
        var error = ServerError(.draining, "the server is shutting down")
        error.retryAfter = 1
        throw closing(error)
      }
    }
    return try await next(request, context)
  }

  /// A body that nobody wants is not read.
  private func closing(_ error: ServerError) -> ServerError {
    var error = error
    error.closesConnection = true
    return error
  }

  private func namesLoopback(_ authority: String?) -> Bool {
    guard let authority else { return true }
    var host = authority[...]
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      let rest = host[host.index(after: end)...]
      guard rest.isEmpty || rest.first == ":" else { return false }
      host = host[host.index(after: host.startIndex)..<end]
    } else if let colon = host.lastIndex(of: ":") {
      host = host[..<colon]
    }
    return isLoopback(host: host)
  }
}

/// Lets pages of other sites call the server, if the settings name their origins.
struct CrossOriginMiddleware: RouterMiddleware {
  let origins: [String]
  private let allowing = CORSMiddleware<ServerContext>(
    allowOrigin: .originBased, allowHeaders: [.accept, .authorization, .contentType, .requestID],
    allowMethods: [.get, .post, .options], exposedHeaders: ["server-timing", "x-request-id", "x-truncated-inputs"])

  init(origins: [String]) { self.origins = origins }

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    guard let origin = request.headers[.origin], origins.contains(origin) || origins.contains("*") else {
      return try await next(request, context)
    }
    return try await allowing.handle(request, context: context, next: next)
  }
}

/// The routes that there are. Metrics and log know requests by these only, so that no client makes up names in them.
struct PathTable: Sendable {
  private let allMethods: [String: [HTTPRequest.Method]]
  private let dialects: [String: Dialect]

  init(_ routes: [Routes.Route]) {
    allMethods = Dictionary(grouping: routes, by: \.path).mapValues { $0.map(\.method) }
    dialects = Dictionary(routes.map { ($0.path, $0.dialect) }) { first, _ in first }
  }

  static let other = "other"

  var all: [String] { allMethods.keys.sorted() + [PathTable.other] }

  /// The path as routes have it: Hummingbird takes no notice of further slashes.
  static func normalized(_ path: String) -> String { "/" + path.split(separator: "/").joined(separator: "/") }

  func route(of path: String) -> String {
    let path = PathTable.normalized(path)
    if allMethods[path] != nil { return path }
    return path.hasPrefix("/v1/models/") ? "/v1/models/**" : PathTable.other
  }

  /// The methods of a route; HEAD goes with GET.
  func methods(of route: String) -> [HTTPRequest.Method]? {
    allMethods[route].map { $0.contains(.get) ? $0 + [.head] : $0 }
  }

  /// The API of a route, or of a path that is none.
  func dialect(of route: String, path: String) -> Dialect {
    dialects[route] ?? (path.hasPrefix("/v1/") ? .openAI : .tei)
  }
}
