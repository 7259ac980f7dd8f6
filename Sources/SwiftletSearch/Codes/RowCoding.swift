// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

/// Codes rows of float32 numbers in 8 bits and queries in 16, and bounds how far the dot product of the codes may be from
/// the float32 dot product of the numbers.
///
/// A row x gets codes c from -127 to 127 and a scale s; a query q codes d and a scale t. Then with Cauchy and Schwarz
///
///     |q x - s t (c d)|  <=  |q (x - s c)| + |(q - t d) s c|  <=  |q| |x - s c| + |q - t d| s |c|.
///
/// To this come the rounding of a float32 dot product of D numbers, at most D u / (1 - D u) |q| |x| with u = 2^-24
/// (Higham: Accuracy and stability of numerical algorithms, section 3.1), and that of the few operations of the bound
/// itself, some u |q| |x| more. What belongs to the row is stored as its error, rounded up:
///
///     e = |x - s c| + (D u / (1 - D u) + 32 u) (|x| + |x - s c|).
enum RowCoding {
  /// Longer vectors are refused: dot products of two, and their sums, would not be finite for sure.
  static let maximumNorm = 0x1p60

  /// More elements are refused.
  static let maximumDimension = 1 << 16

  /// Scales below this are taken as 0: their products could lose bits to underflow.
  private static let leastScale: Float = 0x1p-100

  /// More than all that underflow loses; the pool's threads keep subnormal numbers, whatever the process has set.
  private static let slack: Float = 0x1p-110

  /// Rows and queries are coded on the caller's thread, which may take subnormal numbers as 0: more than the length that
  /// a vector loses by that.
  private static let lostLength = 0x1p-110

  private static let unit = 0x1p-24

  /// A factor that makes up for the rounding of sums in double.
  private static let doubleSlack = 1 + 0x1p-30

  /// Appends a block of codes, scales and errors, as ``RowCodes`` reads it.
  ///
  /// - Parameters:
  ///   - rows: up to 16 rows, one after the other; they are finite and not longer than ``maximumNorm``.
  ///   - bytes: grows by ``RowCodes/blockByteCount(dimension:)``.
  static func appendBlock(_ rows: Span<Float>, dimension: Int, to bytes: inout [UInt8]) {
    let start = bytes.count, boundsStart = start + (dimension + 1) / 2 * 2 * RowCodes.blockRows
    bytes += repeatElement(0, count: RowCodes.blockByteCount(dimension: dimension))
    let relative = roundingShare(dimension: dimension)
    for row in 0..<rows.count / dimension {
      let x = rows.extracting(row * dimension..<(row + 1) * dimension)
      let (largest, norm) = extent(x)
      var scale = largest / 127
      if scale < leastScale { scale = 0 }
      let inverse = scale > 0 ? 1 / scale : 0
      var squares = 0.0
      for element in x.indices {
        let code = max(-127, min(127, (x[element] * inverse).rounded(.toNearestOrEven)))
        let difference = Double(x[element]) - Double(scale) * Double(code)
        squares += difference * difference
        let place = start + (element / 2 * RowCodes.blockRows + row) * 2 + element % 2
        bytes[place] = UInt8(bitPattern: Int8(code))
      }
      let distance = squares.squareRoot() * doubleSlack + lostLength
      let error = Float(roundedUp: (distance + relative * (norm + distance)) * (1 + 0x1p-20))
      bytes.store(scale, at: boundsStart + 4 * row)
      bytes.store(error, at: boundsStart + 4 * (RowCodes.blockRows + row))
    }
  }

  /// Adds a query, which is finite and not longer than ``maximumNorm``.
  static func append(_ query: Span<Float>, to queries: inout CodedQueries) {
    let dimension = query.count
    let (largest, norm) = extent(query)
    // The sum of the products of codes stays below 2^31.
    let most = Float(min(32_767, ((1 << 31) - 1) / (127 * max(dimension, 1))))
    var scale = largest / most
    if scale < leastScale { scale = 0 }
    let inverse = scale > 0 ? 1 / scale : 0
    var codes: [Int16] = []
    codes.reserveCapacity(dimension)
    var squares = 0.0
    for element in query.indices {
      let code = max(-most, min(most, (query[element] * inverse).rounded(.toNearestOrEven)))
      let difference = Double(query[element]) - Double(scale) * Double(code)
      squares += difference * difference
      codes.append(Int16(code))
    }
    // The length of s c is at most 127 s sqrt(D).
    let distance = squares.squareRoot() * doubleSlack + lostLength
    let codeError = distance * 127 * Double(dimension).squareRoot() * (1 + 0x1p-10)
    queries.append(
      codes: codes,
      bounds: ScanBounds(
        scale: scale, norm: Float(roundedUp: norm), codeError: Float(roundedUp: codeError), slack: slack))
  }

  /// The largest magnitude of a row's numbers, and a bound of its length.
  static func extent(_ x: Span<Float>) -> (largest: Float, norm: Double) {
    var largest: Float = 0, squares = 0.0
    for element in x.indices {
      largest = max(largest, x[element].magnitude)
      squares += Double(x[element]) * Double(x[element])
    }
    return (largest, squares.squareRoot() * doubleSlack + lostLength)
  }

  private static func roundingShare(dimension: Int) -> Double {
    let share = Double(dimension) * unit
    return share / (1 - share) + 32 * unit
  }
}

extension Float {
  /// The least float32 number that is not below `x`.
  init(roundedUp x: Double) {
    let nearest = Float(x)
    self = Double(nearest) < x ? nearest.nextUp : nearest
  }
}

extension [UInt8] {
  fileprivate mutating func store(_ number: Float, at offset: Int) {
    for (place, byte) in number.bitPattern.bytes.enumerated() { self[offset + place] = byte }
  }
}

extension FixedWidthInteger {
  /// The bytes in this machine's order, which is little endian on every one that this package runs on.
  var bytes: [UInt8] { (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}
