// SPDX-License-Identifier: Apache-2.0

import CSwiftletFace
import Foundation
import FuzzSupport

private let root = URL(fileURLWithPath: #filePath + "/../../../..").standardizedFileURL.path
private let model = root + "/Tests/SwiftletEncodersTests/Fixtures/gelu-mean-normalized/model"
private let encoders = ["float32", "int8"].map { (precision: String) in swiftlet_open(model, precision, 1, nil, 0) }
private let formats = ["float32", "int8", "bits", "", "float", "\u{FFFD}"]

/// Calls the C functions as the input says: an encoder, a format, sizes that fit or do not, offsets, and the bytes of texts.
/// Pointers are to memory of exactly the size that is told. The result must be an error with a text, or the vectors that
/// each text has alone; whether a call must succeed is decided here once more.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let parts = sections(of: UnsafeBufferPointer(start: start, count: size), count: 4).map { Array($0 ?? []) }
  let choices = parts[0] + [UInt8](repeating: 0, count: 8)
  if choices[7] & 7 == 7 { open(folder: parts[1], precision: parts[2], threads: Int32(Int8(bitPattern: choices[1]))) }

  let words = parts[1].count / 4
  let offsets = Memory(words > 0 ? Array(parts[1].prefix(words * 4)) : [0, 0, 0, 0])
  let data = Memory(parts[2])
  let format = formats[Int(choices[1]) % formats.count]
  let known = encoders[Int(choices[0]) % encoders.count]
  let encoder = choices[2] % 16 == 15 ? known ^ 1 << Int64(choices[3] % 64) : known
  let row = Int(swiftlet_row_size(encoder, format))
  // As many texts as the offsets have, unless the output is too small for the count that is told.
  let texts = max(0, words - 1)
  let room = Memory([UInt8](repeating: 0xAA, count: max(0, row) * texts))
  let count = choices[4] % 4 == 3 ? absurd(choices[5], near: texts) : Int64(texts)
  let told = choices[6] % 8 == 7 ? absurd(choices[5], near: data.count) : Int64(data.count)
  let cut = Memory([UInt8](repeating: 7, count: texts))
  let error = Memory([UInt8](repeating: 0xFF, count: Int(choices[3] % 128)))

  let result = withExtendedLifetime((offsets, data, room, cut, error)) {
    swiftlet_encode(
      encoder, count, offsets.start.assumingMemoryBound(to: Int32.self),
      data.start.assumingMemoryBound(to: UInt8.self), min(told, Int64(data.count)), format, room.start,
      Int64(room.count), cut.start.assumingMemoryBound(to: UInt8.self),
      error.start.assumingMemoryBound(to: CChar.self), Int64(error.count))
  }
  let message = error.bytes.prefix { $0 != 0 }
  expect(error.count == 0 || message.count < error.count, "a text with its end")
  expect(String(validating: message, as: UTF8.self) != nil, "a text in UTF-8")
  expect(error.count < 2 || (result == 0) == message.isEmpty, "a text if there is an error")

  let numbers = offsets.bytes.indices.filter { $0 % 4 == 0 }.map { index in
    (0..<4).reduce(Int32(0)) { $0 | Int32(bitPattern: UInt32(offsets.bytes[index + $1]) << (8 * UInt32($1))) }
  }
  let used = count >= 0 && count <= texts ? Array(numbers.prefix(Int(count) + 1)) : []
  let limits = [0] + used + [Int32(clamping: min(told, Int64(data.count)))]
  let fits = count == 0 || zip(limits, limits.dropFirst()).allSatisfy { $0 <= $1 }
  let isGood = encoder == known && row >= 0 && count >= 0 && count <= texts && told >= 0 && fits
  let pieces = isGood && count > 0 ? zip(used, used.dropFirst()).map { data.bytes[Int($0)..<Int($1)] } : []
  let areTexts = pieces.allSatisfy { String(validating: $0, as: UTF8.self) != nil }
  expect((result == 0) == (isGood && areTexts), "result \(result), \(String(decoding: message, as: UTF8.self))")
  if result == 0, format == "float32", let first = pieces.first { checkAlone(first, encoder, room.bytes.prefix(row)) }
  return 0
}

/// Opens a folder of any name in any precision.
private func open(folder: [UInt8], precision: [UInt8], threads: Int32) {
  let names = [folder, precision].map { name in Memory(name.map { $0 == 0 ? 1 : $0 } + [0]) }
  let text = Memory([UInt8](repeating: 0xFF, count: 300))
  let handle = withExtendedLifetime((names, text)) {
    swiftlet_open(
      names[0].start.assumingMemoryBound(to: CChar.self), names[1].start.assumingMemoryBound(to: CChar.self), threads,
      text.start.assumingMemoryBound(to: CChar.self), Int64(text.count))
  }
  expect(handle == 0 && text.bytes.contains(0) && text.bytes[0] != 0, "an error")
  swiftlet_close(handle)
}

/// The first text must have the bits that it has alone.
private func checkAlone(_ text: ArraySlice<UInt8>, _ encoder: Int64, _ vector: ArraySlice<UInt8>) {
  var alone = [UInt8](repeating: 0, count: vector.count)
  let result = Array(text).withUnsafeBufferPointer { text in
    swiftlet_encode(
      encoder, 1, [0, Int32(text.count)], text.baseAddress, Int64(text.count), "float32", &alone, Int64(alone.count),
      nil, nil, 0)
  }
  expect(result == 0 && alone == Array(vector), "the first text as alone")
}

/// Numbers that no size is.
private func absurd(_ choice: UInt8, near size: Int) -> Int64 {
  let near = Int64(size)
  let numbers = [-1, .min, .max, .max / 4, 1 << 32, 1 << 61, near + 1, near - 1, 0, near / 2]
  return numbers[Int(choice) % numbers.count]
}

/// Memory of exactly some bytes, so that AddressSanitizer sees each access beyond them. No bytes are no memory.
private final class Memory {
  let start: UnsafeMutableRawPointer
  let count: Int

  init(_ bytes: [UInt8]) {
    count = bytes.count
    start = .allocate(byteCount: bytes.count, alignment: 1)
    start.copyMemory(from: bytes, byteCount: bytes.count)
  }

  deinit { start.deallocate() }

  var bytes: [UInt8] {
    withExtendedLifetime(self) { Array(UnsafeRawBufferPointer(start: start, count: count)) }
  }
}
