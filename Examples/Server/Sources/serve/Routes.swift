// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import Swiftlet
import SwiftletFiles

/// The paths of the server. The routes of each API are in an extension of their own.
struct Routes: Sendable {
  let service: EmbeddingService
  let state: ServerState
  /// When the server started, in seconds since 1970.
  let startTime: Int

  struct Route: Sendable {
    let path: String
    let method: HTTPRequest.Method
    let dialect: Dialect
    let answer: @Sendable (Request, ServerContext) async throws -> Response
  }

  var all: [Route] { tei + openAI + rerank + search + operations }

  /// A request whose body was read, with what its answer needs.
  struct Call: Sendable {
    let body: RequestBody
    /// Holds bytes of the budget until the answer is sent.
    let share: BufferBudget.Share
    let context: ServerContext

    /// An answer of about `byteCount` bytes that `write` appends, with what it took for headers and metrics.
    func response(
      _ work: RequestWork, byteCount: Int, _ write: @escaping @Sendable (inout [UInt8]) throws -> Void
    ) async throws -> Response {
      let bytes = try await runApart(byteCount: byteCount) {
        var bytes: [UInt8] = []
        try write(&bytes)
        return bytes
      }
      return response(bytes, work)
    }

    /// An answer, with what it took for headers and metrics.
    func response(_ bytes: [UInt8], _ work: RequestWork) -> Response {
      context.work.set(work)
      let share = share, channel = context.channel, buffer = ByteBuffer(bytes: bytes)
      let body = ResponseBody(contentLength: bytes.count) { writer in
        // The share goes when the client has the answer, or cannot get it.
        defer { withExtendedLifetime(share) {} }
        try await writer.write(buffer)
        if bytes.count > 1 << 16 {
          // Until here the answer is queued only. What is written after it is sent after it.
          try await channel.writeAndFlush(HTTPResponsePart.body(ByteBuffer())).get()
        }
        try await writer.finish(nil)
      }
      return Response(status: .ok, headers: [.contentType: "application/json"], body: body)
    }
  }

  func post(
    _ path: String, _ dialect: Dialect = .tei, answer: @escaping @Sendable (Call) async throws -> Response
  ) -> Route {
    Route(path: path, method: .post, dialect: dialect) { request, context in
      let share = BufferBudget.Share(service.budget)
      let body = try await request.readJSON(service.settings, share)
      let call = Call(body: body, share: share, context: context)
      return try await state.connections.withCancellation(at: context.channel) { try await answer(call) }
    }
  }

  func get(
    _ path: String, _ dialect: Dialect = .tei,
    answer: @escaping @Sendable (Request, ServerContext) async throws -> Response
  ) -> Route {
    Route(path: path, method: .get, dialect: dialect, answer: answer)
  }
}

/// What a request has on its way.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel
  let arrival = ContinuousClock.now
  /// Set by the first middleware.
  var requestID = ""
  /// What the request took, once it is known.
  let work = WorkBox()

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}
