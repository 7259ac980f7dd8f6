// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// Reads a stream of texts ahead of its consumer, up to a limit. Its task ends when the reader is released.
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

  /// Waits for and takes all texts that were read; empty at the end of the stream. An error of the stream is thrown
  /// after the texts before it.
  func waitingTexts() async throws -> [String] {
    try await withTaskCancellationHandler {
      try await buffer.take()
    } onCancel: {
      buffer.abandon()
    }
  }
}

/// A bounded queue of texts between one producer and one consumer.
private final class TextBuffer: Sendable {
  private struct State {
    var texts: [String] = []
    var end: Result<Void, any Error>?
    /// Whether the consumer has stopped.
    var isAbandoned = false
    var producer: CheckedContinuation<Void, Never>?
    var consumer: CheckedContinuation<Void, Never>?
  }

  private let limit: Int
  private let state = Monitor(State())

  init(limit: Int) { self.limit = limit }

  /// Waits until there is room, then appends a text.
  ///
  /// - Throws: `CancellationError` if the consumer has stopped.
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

  /// Waits for a text or the end, then takes all texts.
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

  /// Called by the producer after the last text. `error` is thrown to the consumer after that text.
  func finish(_ error: (any Error)?) {
    wake { state in
      state.end = error.map { .failure($0) } ?? .success(())
      return state.consumer.take()
    }
  }

  /// Called for the consumer when it stops.
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
