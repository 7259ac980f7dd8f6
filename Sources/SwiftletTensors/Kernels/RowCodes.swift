// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletFiles

/// Rows of numbers as int8 codes, each row with a scale and a bound of its error, in blocks of 16 rows.
package struct RowCodes: Sendable {
  package let rows: Int
  package let dimension: Int

  /// The blocks' bytes, four a number.
  private let memory: VectorView

  /// The rows of a block.
  package static let blockRows = 16

  /// The bytes of a block: see `swlt_code_block_size`.
  package static func blockByteCount(dimension: Int) -> Int { swlt_code_block_size(dimension) }

  /// The number of blocks that hold `rows` rows; the last may be partly unused.
  package static func blockCount(rows: Int) -> Int { (rows + blockRows - 1) / blockRows }

  /// - Parameter memory: the blocks, in this machine's byte order.
  package init(_ memory: VectorView, rows: Int, dimension: Int) {
    let byteCount = RowCodes.blockCount(rows: rows) * RowCodes.blockByteCount(dimension: dimension)
    precondition(
      memory.count * MemoryLayout<Float>.stride == byteCount,
      "\(memory.count) numbers for \(rows) rows of \(dimension) codes")
    self.rows = rows
    self.dimension = dimension
    self.memory = memory
  }

  /// The bytes of a block.
  package func bytes(ofBlock block: Int) -> [UInt8] {
    blocks(block..<block + 1).withBytes { bytes in
      (0..<bytes.byteCount).map { bytes.load(at: $0, as: UInt8.self) }
    }
  }

  /// Some blocks.
  fileprivate func blocks(_ range: Range<Int>) -> VectorView {
    let size = RowCodes.blockByteCount(dimension: dimension) / MemoryLayout<Float>.stride
    return memory[range.lowerBound * size..<range.upperBound * size]
  }
}

/// What is known of the dot product of a query with rows of codes.
///
/// With a row's scale s and error e, and the product d of its codes and the query's, the dot product is within
/// `norm` e + `codeError` s + `slack` of `scale` s d.
package struct ScanBounds: Sendable {
  package var scale: Float
  package var norm: Float
  package var codeError: Float
  package var slack: Float

  package init(scale: Float, norm: Float, codeError: Float, slack: Float) {
    self.scale = scale
    self.norm = norm
    self.codeError = codeError
    self.slack = slack
  }
}

/// Queries for rows of codes: their int16 codes and bounds, and a threshold each.
package struct CodedQueries: Sendable {
  package let dimension: Int
  fileprivate var inputs: [Int16] = []
  fileprivate var queries: [swlt_scan_query] = []

  package init(dimension: Int) { self.dimension = dimension }

  package var count: Int { queries.count }

  /// Adds a query whose threshold is below all bounds.
  ///
  /// - Parameter codes: one an element. No sum of the magnitudes' products with a row's codes may reach 2^31.
  package mutating func append(codes: [Int16], bounds: ScanBounds) {
    precondition(codes.count == dimension, "\(codes.count) codes, not \(dimension)")
    inputs += codes
    if !dimension.isMultiple(of: 2) { inputs.append(0) }
    queries.append(
      swlt_scan_query(
        scale: bounds.scale, norm: bounds.norm, code_error: bounds.codeError, slack: bounds.slack,
        threshold: -.infinity))
  }

  /// The least upper bound that is asked for.
  package subscript(thresholdOf query: Int) -> Float {
    get { queries[query].threshold }
    set { queries[query].threshold = newValue }
  }
}

extension Kernels {
  /// The rows of some blocks whose dot product with a query may reach the query's threshold.
  ///
  /// - Parameters:
  ///   - live: a bit a row, 16 rows a number, of all blocks; rows without are passed over.
  ///   - found: gets the index of the query, the row, and the bounds of their dot product; for each query in the order
  ///     of the rows.
  package func scan(
    _ codes: RowCodes, blocks: Range<Int>, live: Span<UInt16>, for queries: CodedQueries, _ scratch: inout Scratch,
    found: (_ query: Int, _ row: Int, _ lower: Float, _ upper: Float) -> Void
  ) {
    precondition(
      blocks.lowerBound >= 0 && blocks.upperBound <= RowCodes.blockCount(rows: codes.rows)
        && live.count == RowCodes.blockCount(rows: codes.rows), "blocks \(blocks) of \(codes.rows) rows")
    precondition(queries.dimension == codes.dimension, "queries of \(queries.dimension), rows of \(codes.dimension)")
    let room = blocks.count * RowCodes.blockRows
    var counts = [Int](repeating: 0, count: queries.count)
    // The kernel writes at most one candidate for each row and query.
    let numbers = MemoryLayout<swlt_candidate>.stride / MemoryLayout<Float>.stride
    let memory = scratch.take(queries.count * room * numbers)
    unsafe memory.pointer.withMemoryRebound(to: swlt_candidate.self, capacity: queries.count * room) { candidates in
      unsafe live.withUnsafeBufferPointer { live in
        guard let live = live.baseAddress else { return }
        unsafe table.pointee.scan(
          blocks.count, codes.dimension, codes.blocks(blocks).pointer, live + blocks.lowerBound, queries.count,
          queries.inputs, queries.queries, candidates, &counts)
      }
      let firstRow = blocks.lowerBound * RowCodes.blockRows
      for query in 0..<queries.count {
        for place in 0..<counts[query] {
          let candidate = unsafe candidates[query * room + place]
          found(query, firstRow + Int(candidate.row), candidate.lower, candidate.upper)
        }
      }
    }
  }
}
