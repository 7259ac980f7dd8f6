// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// Reads a stream of texts ahead of its consumer, up to a limit; the task that reads ends with the reader.
final class TextReader: Sendable {
  private let buffer: TextBuffer
  private let task: Task<Void, Never>

  init<Texts: AsyncSequence & Sendable>(_ texts: Texts, limit: Int) where Texts.Element == String {
    let buffer = TextBuffer(limit: limit)
    self.buffer = buffer
    task = Task {
      do {
        for try await text in texts { try await buffer.append(text) }
        buffer.finish(nil)
      } catch {
        buffer.finish(error)
      }
    }
  }

  deinit {
    task.cancel()
    buffer.abandon()
  }

  /// All texts read and not yet taken, one at least; none at the end of the stream. An error of the stream is thrown
  /// once the texts before it are taken.
  func waitingTexts() async throws -> [String] {
    try await withTaskCancellationHandler {
      try await buffer.take()
    } onCancel: {
      buffer.abandon()
    }
  }
}

/// Texts between one producer and one consumer, each of which waits for the other.
private final class TextBuffer: Sendable {
  private struct State {
    var texts: [String] = []
    var end: Result<Void, any Error>?
    /// Whether nobody takes texts any more.
    var isAbandoned = false
    var producer: CheckedContinuation<Void, Never>?
    var consumer: CheckedContinuation<Void, Never>?
  }

  private let limit: Int
  private let state = Monitor(State())

  init(limit: Int) { self.limit = limit }

  /// Waits for room first.
  ///
  /// - Throws: `CancellationError` when nobody takes texts any more.
  func append(_ text: String) async throws {
    await withCheckedContinuation { continuation in
      let hasRoom = state.withLock { state in
        if state.texts.count < limit || state.isAbandoned { return true }
        state.producer = continuation
        return false
      }
      if hasRoom { continuation.resume() }
    }
    try Task.checkCancellation()
    var isWanted = false
    wake { state in
      isWanted = !state.isAbandoned
      guard isWanted else { return nil }
      state.texts.append(text)
      return state.consumer.take()
    }
    if !isWanted { throw CancellationError() }
  }

  /// Waits for a text or the end first.
  func take() async throws -> [String] {
    await withCheckedContinuation { continuation in
      let hasTexts = state.withLock { state in
        if !state.texts.isEmpty || state.end != nil || state.isAbandoned { return true }
        precondition(state.consumer == nil, "one consumer at a time")
        state.consumer = continuation
        return false
      }
      if hasTexts { continuation.resume() }
    }
    var texts: [String] = []
    var end: Result<Void, any Error>?
    var isAbandoned = false
    wake { state in
      texts = state.texts
      end = state.end
      isAbandoned = state.isAbandoned
      state.texts = []
      return state.producer.take()
    }
    if isAbandoned { throw CancellationError() }
    if texts.isEmpty { try end?.get() }
    return texts
  }

  /// To be called by the producer: no text follows, and `error` is thrown after the last one.
  func finish(_ error: (any Error)?) {
    wake { state in
      state.end = error.map { .failure($0) } ?? .success(())
      return state.consumer.take()
    }
  }

  /// To be called for the consumer: no text is taken any more.
  func abandon() {
    let waiting = state.withLock { state in
      state.isAbandoned = true
      return [state.consumer.take(), state.producer.take()]
    }
    for continuation in waiting { continuation?.resume() }
  }

  private func wake(_ change: (inout State) -> CheckedContinuation<Void, Never>?) {
    let continuation = state.withLock { change(&$0) }
    continuation?.resume()
  }
}
