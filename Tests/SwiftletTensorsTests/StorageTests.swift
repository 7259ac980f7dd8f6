// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors
import TestSupport
import Testing

/// Conversions from the numbers in files, for every half and bfloat, and the search for NaN and infinity.
@Suite struct StorageTests {
  private func converted(_ bytes: [UInt8], _ storage: swlt_storage, count: Int) -> (values: [Float], bad: Int) {
    var results: [([Float], Int)] = []
    for kernels in paths {
      var values = [Float](repeating: 0, count: count)
      // One byte off, since a file aligns nothing.
      let bad = ([0] + bytes).withUnsafeBytes {
        kernels.table.pointee.convert(count, $0.baseAddress?.advanced(by: 1), storage, &values)
      }
      results.append((values, bad))
      #expect(bits(values) == bits(results[0].0) && bad == results[0].1, "\(kernels.path)")
    }
    return (results[0].0, results[0].1)
  }

  private func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  /// IEEE 754 by its definition: (-1)^s 2^(e - 15) (1 + f / 1024), or 2^-14 f / 1024.
  private func half(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 31), fraction = Float(bits & 1023) / 1024
    switch exponent {
    case 31: return fraction == 0 ? sign * .infinity : .nan
    case 0: return sign * Float(sign: .plus, exponent: -14, significand: 1) * fraction
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1) * (1 + fraction)
    }
  }

  @Test func everyHalf() {
    let all = Array(UInt16.min...UInt16.max)
    let (values, bad) = converted(bytes(all), SWLT_F16, count: all.count)
    for (pattern, value) in zip(all, values) {
      let expected = half(pattern)
      #expect(value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern, "\(pattern)")
    }
    #expect(bad == 2048)
  }

  @Test func everyBfloat() {
    let all = Array(UInt16.min...UInt16.max)
    let (values, bad) = converted(bytes(all), SWLT_BF16, count: all.count)
    #expect(bits(values) == all.map { UInt32($0) << 16 })
    #expect(bad == 256)
  }

  @Test(arguments: 0...67) func doublesAndFloats(count: Int) {
    var generator = SplitMix64(seed: UInt64(count))
    let doubles = (0..<count).map { _ in Double.random(in: -1e3...1e3, using: &generator) }
    #expect(converted(bytes(doubles), SWLT_F64, count: count).values == doubles.map { Float($0) })
    let floats = numbers(count, seed: 1)
    #expect(converted(bytes(floats), SWLT_F32, count: count).values == floats)
    #expect(converted(bytes(floats.map { UInt16($0.bitPattern >> 16) }), SWLT_BF16, count: count).bad == 0)
  }

  @Test func findsTheFirstNonFinite() {
    var values = numbers(100, seed: 2)
    for kernels in paths {
      var first = 0
      #expect(kernels.table.pointee.count_non_finite(100, values, SWLT_F32, &first) == 0)
    }
    values[37] = .nan
    values[38] = -.infinity
    values[99] = .infinity
    for kernels in paths {
      var first = 0
      #expect(kernels.table.pointee.count_non_finite(100, values, SWLT_F32, &first) == 3)
      #expect(first == 37)
      #expect(kernels.table.pointee.count_non_finite(100, values, SWLT_F32, nil) == 3)
    }
  }

  @Test(arguments: [1, 15, 16, 17, 67, 384]) func gathersRows(columns: Int) {
    let rows = 9
    let table = numbers(rows * columns, seed: 3), indices: [Int32] = [8, 0, 3, 3]
    let start = numbers(indices.count * columns, seed: 4)
    for kernels in paths {
      var set = start, added = start
      kernels.table.pointee.gather(indices.count, columns, table, SWLT_F32, indices, 1, 0, &set)
      kernels.table.pointee.gather(indices.count, columns, table, SWLT_F32, indices, 1, 1, &added)
      for (r, index) in indices.enumerated() {
        for j in 0..<columns {
          let row = table[Int(index) * columns + j]
          #expect(set[r * columns + j] == row && added[r * columns + j] == start[r * columns + j] + row)
        }
      }
    }
  }

  /// Each number, as float32, times a factor in double, rounded once.
  @Test(arguments: [1, 15, 16, 17, 67, 384], [1 - 0x1p-40, 0.7]) func gathersRowsTimesAFactor(
    columns: Int, factor: Double
  ) {
    let rows = 9, indices: [Int32] = [8, 0, 3, 3]
    let floats = numbers(rows * columns, seed: 3), start = numbers(indices.count * columns, seed: 4)
    let tables: [(swlt_storage, bytes: [UInt8], values: [Float])] = [
      (SWLT_F32, bytes(floats), floats),
      (
        SWLT_BF16, bytes(floats.map { UInt16($0.bitPattern >> 16) }),
        floats.map {
          Float(bitPattern: $0.bitPattern & 0xffff_0000)
        }
      ),
      (SWLT_F64, bytes(floats.map(Double.init)), floats),
    ]
    for (storage, table, values) in tables {
      let expected = indices.flatMap { index in
        values[Int(index) * columns..<(Int(index) + 1) * columns].map { Float(Double($0) * factor) }
      }
      for kernels in paths {
        var set = start, added = start
        kernels.table.pointee.gather(indices.count, columns, table, storage, indices, factor, 0, &set)
        kernels.table.pointee.gather(indices.count, columns, table, storage, indices, factor, 1, &added)
        #expect(bits(set) == bits(expected), "\(kernels.path)")
        #expect(bits(added) == bits(zip(start, expected).map(+)), "\(kernels.path)")
      }
    }
  }
}
