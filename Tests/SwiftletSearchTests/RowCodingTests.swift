// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletFiles
import SwiftletTensors
import TestSupport
import Testing

@testable import SwiftletSearch

/// The bounds of dot products, and the kernel that computes them, on every CPU path.
@Suite struct RowCodingTests {
  struct Case: CustomTestStringConvertible {
    let kind: RowKind
    let dimension: Int
    var testDescription: String { "\(kind), \(dimension)" }
  }

  static let cases = RowKind.allCases.flatMap { kind in [1, 7, 64, 384].map { Case(kind: kind, dimension: $0) } }

  @Test(arguments: cases) func boundsHoldAndAreTheSameOnEveryPath(of test: Case) throws {
    let dimension = test.dimension, count = 75
    let rows = test.kind.rows(count, dimension: dimension, seed: 1)
    let queries = [RowKind.units, .hugeNorms, .tinyNorms, .zeros, .oneLargeElement].flatMap {
      $0.rows(3, dimension: dimension, seed: 2)
    }
    let live = [UInt16](repeating: .max, count: 4) + [1 << 11 - 1]
    var first: [[Found]]?
    for kernels in Kernels.available {
      let found = try scan(rows, queries, live: live, threshold: -.infinity, on: kernels)
      for (query, found) in zip(queries, found) {
        #expect(found.map(\.row) == Array(0..<count))
        for found in found {
          let score = laneDot(query, rows[found.row])
          #expect(found.lower <= score && score <= found.upper, "row \(found.row) on \(kernels.path)")
        }
      }
      if let first { #expect(found == first, "\(kernels.path)") } else { first = found }
    }
  }

  /// A process may have set its threads to take subnormal numbers as 0. Bounds hold even for rows of nothing else.
  @Test func boundsHoldIfTheCallerFlushesSubnormals() throws {
    #if arch(x86_64)
      let flushing: UInt64 = 0x9fc0
    #else
      let flushing: UInt64 = 1 << 24
    #endif
    let small: Float = 0x1p-128, large: Float = 0x1p58
    let before = swlt_use_ieee_arithmetic()
    defer { swlt_set_arithmetic(before) }
    for (row, query) in [(small, large), (large, small)] {
      swlt_set_arithmetic(flushing)
      let coded = coded([[row, row]], [[query, query]])
      swlt_set_arithmetic(before)
      let found = try scan(coded, live: [1], threshold: -.infinity, on: .best)[0][0]
      #expect(found.lower <= 0x1p-69 && 0x1p-69 <= found.upper)
    }
  }

  /// A bound is of use only if it is narrow: unit rows' scores are known to two decimals.
  @Test func boundsAreNarrow() throws {
    let rows = RowKind.units.rows(64, dimension: 384, seed: 3), query = RowKind.units.rows(1, dimension: 384, seed: 4)
    let live = [UInt16](repeating: .max, count: 4)
    let found = try scan(rows, query, live: live, threshold: -.infinity, on: .best)[0]
    #expect(found.count == 64)
    for row in found { #expect(row.upper - row.lower < 0.02) }
  }

  @Test func rowsBelowTheThresholdAndDeadOnesAreLeftOut() throws {
    let rows = RowKind.units.rows(70, dimension: 32, seed: 5), queries = RowKind.units.rows(9, dimension: 32, seed: 6)
    let live: [UInt16] = [0b1010_1010_1010_1010, 0, .max, 1, 0b10_0001]
    for kernels in Kernels.available {
      let all = try scan(rows, queries, live: live, threshold: -.infinity, on: kernels)
      let some = try scan(rows, queries, live: live, threshold: 0.1, on: kernels)
      for (all, some) in zip(all, some) {
        #expect(all.allSatisfy { live[$0.row / 16] >> ($0.row % 16) & 1 != 0 })
        #expect(all.count == live.reduce(0) { $0 + $1.nonzeroBitCount })
        #expect(some == all.filter { $0.upper >= 0.1 } && some.count < all.count)
      }
    }
  }

  struct Found: Equatable {
    let row: Int
    let lower: Float
    let upper: Float
  }

  private struct Coded {
    var rows: [UInt8] = []
    let rowCount: Int
    var queries: CodedQueries
  }

  private func coded(_ rows: [[Float]], _ queries: [[Float]]) -> Coded {
    let dimension = rows[0].count
    var coded = Coded(rowCount: rows.count, queries: CodedQueries(dimension: dimension))
    for start in stride(from: 0, to: rows.count, by: RowCodes.blockRows) {
      let block = rows[start..<min(start + RowCodes.blockRows, rows.count)].flatMap { $0 }
      block.withSpan { RowCoding.appendBlock($0, dimension: dimension, to: &coded.rows) }
    }
    for query in queries { query.withSpan { RowCoding.append($0, to: &coded.queries) } }
    return coded
  }

  private func scan(
    _ rows: [[Float]], _ queries: [[Float]], live: [UInt16], threshold: Float, on kernels: Kernels
  ) throws -> [[Found]] {
    try scan(coded(rows, queries), live: live, threshold: threshold, on: kernels)
  }

  private func scan(_ coded: Coded, live: [UInt16], threshold: Float, on kernels: Kernels) throws -> [[Found]] {
    let folder = try TemporaryFolder(), path = try folder.write(coded.rows, to: "codes")
    let file = try FileContents(path: path, .inMemory)
    var queries = coded.queries
    let codes = RowCodes(
      VectorView(TensorBuffer(file, byteOffset: 0, count: coded.rows.count / 4)), rows: coded.rowCount,
      dimension: queries.dimension)
    for query in 0..<queries.count { queries[thresholdOf: query] = threshold }
    var scratch = Scratch(Workspace()), found = [[Found]](repeating: [], count: queries.count)
    live.withSpan { live in
      kernels.scan(codes, blocks: 0..<live.count, live: live, for: queries, &scratch) { query, row, lower, upper in
        found[query].append(Found(row: row, lower: lower, upper: upper))
      }
    }
    return found
  }
}
