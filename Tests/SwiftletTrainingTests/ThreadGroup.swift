// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletTraining
import Testing

/// A group of threads of this process, each with a trainer.
final class ThreadGroup: Sendable {
  struct Member: TrainingGroup {
    let group: ThreadGroup
    let rank: Int
    var count: Int { group.count }
    var place: String { "thread \(rank)" }

    func gather(_ part: RawSpan, counts: [Int], into all: inout MutableRawSpan) throws {
      #expect(part.byteCount == counts[rank] && all.byteCount == counts.reduce(0, +))
      let bytes = (0..<part.byteCount).map { part.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
      for (index, byte) in group.exchange(bytes, from: rank).joined().enumerated() {
        all.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      }
    }

    func sum(_ numbers: inout MutableSpan<Int64>) throws {
      let all = group.exchange(numbers.indices.map { numbers[$0] }, from: rank)
      for index in numbers.indices { numbers[index] = all.reduce(0) { $0 + $1[index] } }
    }
  }

  let count: Int
  private let condition = NSCondition()
  private nonisolated(unsafe) var given: [Int: any Sendable] = [:]
  private nonisolated(unsafe) var taken = 0
  private nonisolated(unsafe) var exchanges = 0

  init(count: Int) { self.count = count }

  var members: [Member] { (0..<count).map { Member(group: self, rank: $0) } }

  /// What each member gives, when all have given and taken.
  private func exchange<Value: Sendable>(_ value: Value, from rank: Int) -> [Value] {
    condition.lock()
    defer { condition.unlock() }
    let number = exchanges
    given[rank] = value
    condition.broadcast()
    while given.count < count { condition.wait() }
    let all = (0..<count).compactMap { given[$0] as? Value }
    precondition(all.count == count, "members of a group have called different methods")
    taken += 1
    if taken == count {
      (given, taken, exchanges) = ([:], 0, number + 1)
      condition.broadcast()
    }
    while exchanges == number { condition.wait() }
    return all
  }
}
