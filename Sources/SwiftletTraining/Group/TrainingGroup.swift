// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors

/// Processes that train one model together, on one machine or several: each embeds some of the texts of a batch.
///
/// The tuned weights have the same bits whatever the number of processes, see ``Trainer``.
/// A group only passes bytes around, which MPI's MPI_Allgatherv and MPI_Allreduce do.
///
/// All processes call the same methods in the same order, and each call returns when all have made it. They are called from
/// the trainer's own threads, one at a time, and may block them. If a run throws in one process, the others may wait for it
/// for ever: end them, as MPI_Abort does.
public protocol TrainingGroup: Sendable {
  /// The number of this process, from 0.
  var rank: Int { get }

  /// The number of processes.
  var count: Int { get }

  /// Where this process runs, for messages: for example the host's name.
  var place: String { get }

  /// Collects bytes of all processes, in the order of their ranks.
  ///
  /// - Parameters:
  ///   - part: this process's bytes.
  ///   - counts: how many bytes each process has.
  ///   - all: gets the bytes, as many as `counts` make together.
  func gather(_ part: RawSpan, counts: [Int], into all: inout MutableRawSpan) throws

  /// Replaces each number by the sum of the numbers that all processes have there.
  func sum(_ numbers: inout MutableSpan<Int64>) throws
}

/// A group of one process.
struct SingleProcess: TrainingGroup {
  let rank = 0
  let count = 1
  let place = ""

  func gather(_ part: RawSpan, counts: [Int], into all: inout MutableRawSpan) {
    for index in 0..<part.byteCount {
      all.storeBytes(of: part.load(at: index, as: UInt8.self), toByteOffset: index, as: UInt8.self)
    }
  }

  func sum(_ numbers: inout MutableSpan<Int64>) {}
}

extension TrainingGroup {
  /// Whether this process writes files.
  var isFirst: Bool { rank == 0 }

  /// Whether anything is true in any process.
  func isTrueAnywhere(_ flag: Bool) throws -> Bool { try sums([flag ? 1 : 0])[0] > 0 }

  /// The sums of numbers over all processes.
  func sums(_ numbers: [Int64]) throws -> [Int64] {
    var numbers = ContiguousArray(numbers), span = numbers.mutableSpan
    try sum(&span)
    return Array(numbers)
  }

  /// The bytes of each process.
  func gather(_ part: [UInt8]) throws -> [[UInt8]] {
    var counts = [Int64](repeating: 0, count: count)
    counts[rank] = Int64(part.count)
    let sizes = try sums(counts).map { Int($0) }
    var all = ContiguousArray<UInt8>(repeating: 0, count: sizes.reduce(0, +))
    try part.withRawSpan { part in
      try all.withMutableRawSpan { all in try gather(part, counts: sizes, into: &all) }
    }
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return Array(all[start..<start + size])
    }
  }

  /// The text of each process.
  func gather(_ text: String) throws -> [String] {
    try gather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Fills in the rows that other processes have computed.
  ///
  /// - Parameters:
  ///   - shares: the rows of each process.
  ///   - vectors: `[rows, features]`, with this process's rows.
  func gather(_ shares: [[Range<Int>]], of vectors: Tensor) throws {
    if count == 1 { return }
    let width = vectors.shape[1], rowCounts = shares.map { $0.reduce(0) { $0 + $1.count } }
    let part = Tensor(uninitialized: [rowCounts[rank], width]),
      all = Tensor(uninitialized: [rowCounts.reduce(0, +), width])
    var row = 0
    for rows in shares[rank] {
      part.matrix.rows(row..<row + rows.count).copy(from: vectors.matrix.rows(rows))
      row += rows.count
    }
    try part.vector.withBytes { part in
      try all.vector.withMutableBytes { all in
        try gather(part, counts: rowCounts.map { $0 * width * MemoryLayout<Float>.stride }, into: &all)
      }
    }
    row = 0
    for rows in shares.joined() {
      vectors.matrix.rows(rows).copy(from: all.matrix.rows(row..<row + rows.count))
      row += rows.count
    }
  }

  /// Runs what only the first process does, and gives its result to all.
  ///
  /// - Throws: the error of `body`; in other processes ``TrainingGroupError`` with its description.
  func first(_ body: () throws -> String) throws -> String {
    if count == 1 { return try body() }
    let result = isFirst ? Result { try body() } : .success("")
    var message = ""
    switch result {
    case .success(let text): message = "+\(text)"
    case .failure(let error): message = "-\(error)"
    }
    let reply = try gather(isFirst ? message : "")[0]
    let text = try result.get()
    if isFirst { return text }
    guard reply.hasPrefix("+") else { throw TrainingGroupError.failed(rank: 0, message: String(reply.dropFirst())) }
    return String(reply.dropFirst())
  }

  /// Requires that all processes have the same.
  ///
  /// - Parameter differences: what is different in another process, from its text and the first one's.
  func requireSame(_ text: String, differences: (_ first: String, _ other: String) -> [String]) throws {
    if count == 1 { return }
    let texts = try gather(text)
    guard let other = texts.indices.first(where: { !sameBytes(texts[$0], texts[0]) }) else { return }
    let places = try gather(place)
    throw TrainingGroupError.differs(
      rank: other, place: places[other], from: places[0], what: differences(texts[0], texts[other]))
  }
}
