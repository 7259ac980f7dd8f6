// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Synchronization

/// What HTTP needs at a connection besides Hummingbird's own handling: it answers `Expect: 100-continue`, closes after an
/// answer that says so, notices a client that went away, and ends a connection whose client is too slow.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let settings: ServerSettings
  private let connections: Connections
  /// The heads that have come whose answers are not sent.
  private var requestCount = 0
  /// Whether the body of the last request is not complete, or it is no request.
  private var isReadingBody = false
  /// The bytes of the answers that have begun and are not sent.
  private var answers: [Int] = []
  /// Whether the last request asks for the end of the connection after its answer.
  private var asksToClose = false
  private var closesAfterAnswer = false
  /// Whether the last answer is written, and what comes is thrown away.
  private var isDiscarding = false
  private var readTimer: Scheduled<Void>?
  private var writeTimer: Scheduled<Void>?

  init(_ settings: ServerSettings, _ connections: Connections) {
    self.settings = settings
    self.connections = connections
  }

  func handlerAdded(context: ChannelHandlerContext) {
    connections.add(context.channel)
    let watch = FirstByteWatch { [weak self] in self?.startHeadTimer(context: context) }
    try? context.pipeline.syncOperations.addHandler(watch, name: FirstByteWatch.name, position: .first)
  }

  func handlerRemoved(context: ChannelHandlerContext) { connections.remove(context.channel) }

  func channelInactive(context: ChannelHandlerContext) {
    readTimer?.cancel()
    writeTimer?.cancel()
    connections.disconnect(context.channel)
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // As in Go's server, a client that sends no more is one that has gone.
    if event as? ChannelEvent == .inputClosed { connections.disconnect(context.channel) }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isDiscarding { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      requestCount += 1
      isReadingBody = true
      asksToClose = head.headerFields[.connection]?.lowercased() == "close"
      startReadTimer(context, settings.bodyTimeout, "the body was not complete in time")
      let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
      if head.headerFields[.expect]?.lowercased() == "100-continue", length <= settings.maximumBodyBytes {
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
    case .end:
      isReadingBody = false
      readTimer?.cancel()
      readTimer = nil
    case .body: break
    }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is HTTPParserError { isReadingBody = true }
    context.fireErrorCaught(error)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if isDiscarding { context.read() }
    context.fireChannelReadComplete()
  }

  /// Waits for the head of which the first byte has come.
  private func startHeadTimer(context: ChannelHandlerContext) {
    guard readTimer == nil, requestCount == 0 else { return }
    startReadTimer(context, settings.headTimeout, "the head was not complete in time")
  }

  /// Ends the connection after a time, with an answer if none has begun. While requests before the one that is read have
  /// no answer, it is the server that does not read.
  private func startReadTimer(_ context: ChannelHandlerContext, _ time: Duration, _ message: String) {
    readTimer?.cancel()
    readTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { [self] in
      if requestCount > 1 { return startReadTimer(context, time, message) }
      if answers.isEmpty {
        let body = "{\"error\":\"\(message)\",\"error_type\":\"Validation\"}"
        let head = "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
        let answer = ByteBuffer(string: head + "content-length: \(body.utf8.count)\r\n\r\n" + body)
        // Past the handlers that would wait for the request's end.
        try? context.pipeline.syncOperations.context(name: FirstByteWatch.name)
          .writeAndFlush(NIOAny(answer), promise: nil)
      }
      context.close(promise: nil)
    }
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      if head.status.kind == .informational { return context.write(data, promise: promise) }
      let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
      answers.append(length)
      // A request that is no HTTP has an answer, too.
      requestCount = max(requestCount, answers.count)
      closesAfterAnswer = head.headerFields[.connection] == "close" || asksToClose && requestCount == answers.count
      startWriteTimer(context)
      context.write(data, promise: promise)
    case .end:
      let written = promise ?? context.eventLoop.makePromise()
      written.futureResult.assumeIsolated().whenComplete { [self] _ in
        requestCount -= 1
        answers.removeFirst()
        startWriteTimer(context)
        if closesAfterAnswer, answers.isEmpty { closeAfterAnswer(context) }
      }
      context.write(data, promise: written)
    case .body: context.write(data, promise: promise)
    }
  }

  /// Ends the connection. A system that has bytes which nobody read resets it, and the client may not see the answer
  /// (RFC 9112, section 9.6), so the rest of a request is read first.
  private func closeAfterAnswer(_ context: ChannelHandlerContext) {
    guard isReadingBody, !isDiscarding else { return context.close(promise: nil) }
    isDiscarding = true
    context.close(mode: .output, promise: nil)
    readTimer?.cancel()
    readTimer = closeTimer(context, settings.discardTimeout)
    context.read()
  }

  /// Gives the client time for the answers that have begun.
  private func startWriteTimer(_ context: ChannelHandlerContext) {
    writeTimer?.cancel()
    writeTimer = answers.isEmpty ? nil : closeTimer(context, settings.writeTimeout(byteCount: answers.reduce(0, +)))
  }

  private func closeTimer(_ context: ChannelHandlerContext, _ time: Duration) -> Scheduled<Void> {
    context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { context.close(promise: nil) }
  }
}

/// Tells of bytes before they are parsed.
private final class FirstByteWatch: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  static let name = "first byte"

  private let onBytes: () -> Void

  init(_ onBytes: @escaping () -> Void) { self.onBytes = onBytes }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    onBytes()
    context.fireChannelRead(data)
  }
}

/// The open connections, and what to do when one of their clients goes away.
final class Connections: Sendable {
  private struct Connection {
    var isClosed = false
    var onDisconnect: (@Sendable () -> Void)?
  }

  private let all = Mutex<[ObjectIdentifier: Connection]>([:])

  var count: Int { all.withLock { $0.count } }

  func add(_ channel: any Channel) { all.withLock { $0[key(channel)] = Connection() } }

  func remove(_ channel: any Channel) { all.withLock { $0[key(channel)] = nil } }

  func disconnect(_ channel: any Channel) {
    let action = all.withLock { all in
      all[key(channel)]?.isClosed = true
      return all[key(channel)]?.onDisconnect.take()
    }
    action?()
  }

  /// Runs `body` and cancels it when the client goes away.
  func withCancellation<Value: Sendable>(
    at channel: any Channel, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let task = Task { try await body() }
    let isClosed = all.withLock { all in
      guard all[key(channel)]?.isClosed == false else { return true }
      all[key(channel)]?.onDisconnect = { task.cancel() }
      return false
    }
    if isClosed { task.cancel() }
    defer { all.withLock { $0[key(channel)]?.onDisconnect = nil } }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  private func key(_ channel: any Channel) -> ObjectIdentifier { ObjectIdentifier(channel as AnyObject) }
}
