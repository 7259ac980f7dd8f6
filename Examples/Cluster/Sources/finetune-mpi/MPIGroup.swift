// SPDX-License-Identifier: Apache-2.0

import CMPI
import Swiftlet
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The processes that mpirun or a scheduler has started together.
struct MPIGroup: TrainingGroup {
  let rank: Int
  let count: Int
  let place: String

  /// What the calls have taken so far.
  private let meter = Meter()

  private final class Meter: Sendable {
    let cost = Mutex(Cost())
  }

  struct Cost {
    /// Seconds in gathering and in summing, including the wait for other processes.
    var gathering = 0.0, summing = 0.0
    /// Processor seconds inside MPI, which may wait in a busy loop.
    var processorSeconds = 0.0
    /// The bytes gathered and summed.
    var bytes = 0
  }

  var cost: Cost { meter.cost.withLock { $0 } }

  private func measured(
    _ seconds: WritableKeyPath<Cost, Double> & Sendable, _ bytes: Int, _ call: () -> CInt
  ) throws(MPIError) {
    let before = (now(CLOCK_MONOTONIC), now(CLOCK_THREAD_CPUTIME_ID))
    let code = call()
    meter.cost.withLock {
      $0[keyPath: seconds] += now(CLOCK_MONOTONIC) - before.0
      $0.processorSeconds += now(CLOCK_THREAD_CPUTIME_ID) - before.1
      $0.bytes += bytes
    }
    try check(code)
  }

  /// Joins the other processes.
  static func join() throws(MPIError) -> MPIGroup {
    var rank: CInt = 0, count: CInt = 0
    var host = [CChar](repeating: 0, count: CMPI_TEXT_SIZE)
    try check(cmpi_start(&rank, &count, &host))
    return MPIGroup(rank: Int(rank), count: Int(count), place: text(host))
  }

  /// Leaves the others, when all are done.
  func finish() { cmpi_finish() }

  /// Ends all processes.
  func abort() { cmpi_abort(1) }

  func gather(_ part: RawSpan, counts: [Int], into all: inout MutableRawSpan) throws {
    guard all.byteCount <= Int(CInt.max) else { throw MPIError(reason: "\(all.byteCount) bytes are too many for MPI") }
    let starts = counts.indices.map { CInt(counts[..<$0].reduce(0, +)) }
    try part.withUnsafeBytes { part in
      try all.withUnsafeMutableBytes { all in
        try measured(\.gathering, all.count) {
          cmpi_gather(part.baseAddress, CInt(part.count), all.baseAddress, counts.map { CInt($0) }, starts)
        }
      }
    }
  }

  func sum(_ numbers: inout MutableSpan<Int64>) throws {
    // A count is an int in MPI.
    let most = 1 << 28
    try numbers.withUnsafeMutableBufferPointer { numbers in
      for start in stride(from: 0, to: numbers.count, by: most) {
        let part = UnsafeMutableBufferPointer(rebasing: numbers[start..<min(start + most, numbers.count)])
        try measured(\.summing, 8 * part.count) { cmpi_sum(part.baseAddress, CInt(part.count)) }
      }
    }
  }
}

/// The time of a clock of the system, in seconds.
func now(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

struct MPIError: Error, CustomStringConvertible {
  let reason: String
  var description: String { "MPI: \(reason)" }
}

private func check(_ code: CInt) throws(MPIError) {
  guard code != 0 else { return }
  var message = [CChar](repeating: 0, count: CMPI_TEXT_SIZE)
  cmpi_describe(code, &message)
  throw MPIError(reason: text(message))
}

private func text(_ characters: [CChar]) -> String {
  String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
