// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The encoders that are open in this process. A caller names one by a number, its handle, so that a wrong one is an error.
///
/// A child of fork() has the memory of its parent but none of its threads, and a lock may be held for ever by one of them.
/// So a handle has the process in it, and each process has a table of its own; the parent's is never touched.
final class OpenEncoders: Sendable {
  private struct State {
    var encoders: [Int64: SentenceEncoder] = [:]
    var opened: UInt32 = 0
  }

  private let process: pid_t
  private let state = Mutex(State())

  private init(process: pid_t) { self.process = process }

  // MARK: Handles

  /// Loads a model.
  ///
  /// - Parameter threads: 0: one a processor.
  /// - Returns: the handle, and what is odd about the model's files.
  static func open(folder: String, precision: Precision, threads: Int32) throws -> (handle: Int64, warnings: [String]) {
    var settings = EncoderSettings(precision: precision)
    if threads == 0 { try claimSharedThreads() } else { settings.threadCount = Int(threads) }
    let encoder = try SentenceEncoder(folder: folder, settings: settings)
    return (current.add(encoder), encoder.warnings)
  }

  /// An open encoder. A caller that closes it meanwhile takes nothing away.
  static func encoder(_ handle: Int64) throws(CallError) -> SentenceEncoder {
    guard isOfThisProcess(handle), let encoder = current.state.withLock({ $0.encoders[handle] }) else {
      throw .notOpen(handle)
    }
    return encoder
  }

  static func close(_ handle: Int64) {
    guard isOfThisProcess(handle) else { return }
    // What was removed is released after the lock.
    _ = current.state.withLock { $0.encoders.removeValue(forKey: handle) }
  }

  /// The upper half of a handle is the process, the lower half a number that counts.
  private func add(_ encoder: SentenceEncoder) -> Int64 {
    state.withLock { state in
      state.opened &+= 1
      let handle = Int64(process) << 32 | Int64(state.opened)
      state.encoders[handle] = encoder
      return handle
    }
  }

  private static func isOfThisProcess(_ handle: Int64) -> Bool { handle >> 32 == Int64(getpid()) }

  // MARK: Processes

  private static let latest = unsafe Atomic<Unmanaged<OpenEncoders>?>(nil)

  /// The table of this process.
  private static var current: OpenEncoders {
    // SAFETY: a table that other threads can see is never released.
    let process = getpid(), seen = unsafe latest.load(ordering: .acquiring)
    if let seen = unsafe seen {
      let table = unsafe seen.takeUnretainedValue()
      if table.process == process { return table }
    }
    let new = unsafe Unmanaged.passRetained(OpenEncoders(process: process))
    let isNew = unsafe latest.compareExchange(expected: seen, desired: new, ordering: .acquiringAndReleasing).exchanged
    if isNew { return unsafe new.takeUnretainedValue() }
    // Another thread of this process was first.
    unsafe new.release()
    return current
  }

  /// The process that has the threads that all encoders opened with 0 threads share; 0 before there are any.
  private static let sharedThreadOwner = Atomic<pid_t>(0)

  private static func claimSharedThreads() throws(CallError) {
    let process = getpid()
    let (isFirst, owner) = sharedThreadOwner.compareExchange(expected: 0, desired: process, ordering: .relaxed)
    guard isFirst || owner == process else { throw .sharedThreads }
  }
}
