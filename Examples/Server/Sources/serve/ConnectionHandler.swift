// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
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
  /// Whether a head has come whose answer is not written yet.
  private var isInRequest = false
  private var closesAfterAnswer = false
  private var headTimer: Scheduled<Void>?
  private var writeTimer: Scheduled<Void>?

  init(_ settings: ServerSettings, _ connections: Connections) {
    self.settings = settings
    self.connections = connections
  }

  func handlerAdded(context: ChannelHandlerContext) {
    connections.add(context.channel)
    let watch = FirstByteWatch { [weak self] in self?.startHeadTimer(context: context) }
    try? context.pipeline.syncOperations.addHandler(watch, position: .first)
  }

  func handlerRemoved(context: ChannelHandlerContext) { connections.remove(context.channel) }

  func channelInactive(context: ChannelHandlerContext) {
    headTimer?.cancel()
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
    if case .head(let head) = unwrapInboundIn(data) {
      headTimer?.cancel()
      headTimer = nil
      isInRequest = true
      let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
      if head.headerFields[.expect]?.lowercased() == "100-continue", length <= settings.maximumBodyBytes {
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
    }
    context.fireChannelRead(data)
  }

  /// Waits for the head of which the first byte has come.
  private func startHeadTimer(context: ChannelHandlerContext) {
    guard headTimer == nil, !isInRequest else { return }
    headTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(settings.headTimeout)) {
      let answer = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
      let first = try? context.pipeline.syncOperations.context(name: FirstByteWatch.name)
      first?.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
      context.close(promise: nil)
    }
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      if head.status.kind == .informational { return context.write(data, promise: promise) }
      closesAfterAnswer = head.headerFields[.connection] == "close"
      writeTimer?.cancel()
      writeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(settings.writeTimeout)) {
        context.close(promise: nil)
      }
      context.write(data, promise: promise)
    case .end:
      let written = promise ?? context.eventLoop.makePromise()
      written.futureResult.assumeIsolated().whenComplete { [self] _ in
        writeTimer?.cancel()
        isInRequest = false
        if closesAfterAnswer { context.close(promise: nil) }
      }
      context.write(data, promise: written)
    case .body: context.write(data, promise: promise)
    }
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
      guard all[key(channel)]?.isClosed != true else { return true }
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
