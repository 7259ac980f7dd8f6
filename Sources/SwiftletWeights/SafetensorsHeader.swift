// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The header of a safetensors file: a JSON object of tensors by name.
///
///     8 bytes        N, little-endian
///     N bytes        {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …,
///                     "__metadata__": {"KEY": "text"}}
///     the rest       the tensors' bytes; offsets count from here, leave no gap and end with the file
///
/// The JSON is read field by field without building a tree, so memory grows with the header's size only. Everything is
/// validated here; the users of a tensor need no further checks. Source: github.com/huggingface/safetensors, README and
/// safetensors/src/tensor.rs. This reader also refuses duplicate names and fields, nesting past 64, more than 65,536
/// tensors, and a dimension past Int even if another is 0. It accepts a number of any size, such as 11e400, in a field
/// that it does not use.
struct SafetensorsHeader {
  private(set) var tensors: [TensorInfo] = []
  private(set) var metadata: [String: String] = [:]

  private static let maximumTensorCount = 65_536
  private static let maximumLength = 100_000_000

  private let file: InputFile
  private let dataStart: Int

  /// Reads and validates the header of a file.
  init(of file: InputFile) throws {
    self.file = file
    let firstBytes = try file.read(at: 0, count: min(file.size, 64))
    guard firstBytes.count >= 8 else {
      throw SafetensorsError(path: file.path, problem: .headerTooSmall(fileSize: file.size))
    }
    let length = firstBytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= SafetensorsHeader.maximumLength else {
      let found = foreignFormat(firstBytes: firstBytes)
      throw SafetensorsError(path: file.path, problem: .headerTooLarge(length, foundInstead: found))
    }
    guard length <= file.size - 8 else {
      let problem = SafetensorsError.Problem.invalidHeaderLength(Int(length), fileSize: file.size)
      throw SafetensorsError(path: file.path, problem: problem)
    }
    dataStart = 8 + Int(length)
    do {
      try parse(try file.read(at: 8, count: Int(length)))
    } catch let error as JSONError {
      throw invalid(.invalidHeader(error))
    }
  }

  private func invalid(_ problem: SafetensorsError.Problem) -> SafetensorsError {
    SafetensorsError(path: file.path, problem: problem)
  }

  private mutating func parse(_ bytes: ContiguousArray<UInt8>) throws {
    var reader = try JSONReader(bytes)
    var names: Set<UTF8Key> = []
    var hasMetadata = false
    try reader.beginObject()
    while let name = try reader.nextKey() {
      if sameBytes(name, "__metadata__") {
        if hasMetadata { throw reader.error(.duplicateKey(name)) }
        hasMetadata = true
        try readMetadata(&reader)
      } else {
        guard tensors.count < SafetensorsHeader.maximumTensorCount else { throw invalid(.tooManyTensors) }
        guard names.insert(UTF8Key(name)).inserted else { throw reader.error(.duplicateKey(name)) }
        tensors.append(try readTensor(name, &reader))
      }
    }
    try reader.finish()
    try validateOffsets()
  }

  private mutating func readMetadata(_ reader: inout JSONReader) throws {
    if reader.nextKind() == .null {
      _ = try reader.readValue(limit: 1)
      return
    }
    try require(.object, &reader, or: .invalidMetadata)
    var keys: Set<UTF8Key> = []
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard keys.count < SafetensorsHeader.maximumTensorCount else { throw invalid(.invalidMetadata) }
      guard keys.insert(UTF8Key(key)).inserted else { throw reader.error(.duplicateKey(key)) }
      try require(.string, &reader, or: .invalidMetadata)
      metadata[key] = try reader.readString()
    }
  }

  /// Throws `reason` unless the next value is of this kind. If the value is not valid JSON, throws that error instead.
  private func require(
    _ kind: JSONReader.Kind, _ reader: inout JSONReader, or reason: SafetensorsError.Problem
  ) throws {
    guard reader.nextKind() != kind else { return }
    _ = try reader.readValue(limit: SafetensorsHeader.maximumTensorCount)
    throw invalid(reason)
  }

  // MARK: One tensor

  private func readTensor(_ name: String, _ reader: inout JSONReader) throws -> TensorInfo {
    func problem(_ text: String) -> SafetensorsError.Problem { .invalidTensor(name: name, problem: text) }
    var dtype: DType?
    var shape: [Int]?
    var offsets: [Int]?
    var otherFields: Set<UTF8Key> = []
    try require(.object, &reader, or: problem("must be an object"))
    try reader.beginObject()
    while let field = try reader.nextKey() {
      switch field {
      case "dtype":
        if dtype != nil { throw reader.error(.duplicateKey(field)) }
        try require(.string, &reader, or: problem("dtype must be a string"))
        let text = try reader.readString()
        dtype = DType(rawValue: text)
        if dtype == nil { throw invalid(problem("unknown dtype \(quoted(text))")) }
      case "shape":
        if shape != nil { throw reader.error(.duplicateKey(field)) }
        shape = try readSizes(&reader, or: problem("shape must be an array of integers from 0 up"))
      case "data_offsets":
        if offsets != nil { throw reader.error(.duplicateKey(field)) }
        offsets = try readSizes(&reader, count: 2, or: problem("data_offsets must be two integers from 0 up"))
      default:
        let limit = SafetensorsHeader.maximumTensorCount
        guard otherFields.count < limit else { throw reader.error(.tooManyValues(limit: limit)) }
        guard otherFields.insert(UTF8Key(field)).inserted else { throw reader.error(.duplicateKey(field)) }
        _ = try reader.readValue(limit: limit)
      }
    }
    guard let dtype else { throw invalid(problem("has no dtype")) }
    guard let shape else { throw invalid(problem("has no shape")) }
    guard let offsets else { throw invalid(problem("has no data_offsets")) }
    let byteCount = try byteCount(name, dtype, shape)
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end else { throw invalid(.invalidOffset(name: name)) }
    guard end - begin == byteCount else {
      throw invalid(.tensorInvalidInfo(name: name, byteCount: end - begin, wanted: byteCount))
    }
    guard end <= Int.max - dataStart else { throw invalid(.validationOverflow(name: name)) }
    let range = dataStart + begin..<dataStart + end
    return TensorInfo(name: name, dtype: dtype, shape: shape, byteRange: range, file: file)
  }

  /// Reads an array of integers that are not negative, exactly `count` of them if that is given.
  private func readSizes(
    _ reader: inout JSONReader, count: Int? = nil, or reason: SafetensorsError.Problem
  ) throws -> [Int] {
    try require(.array, &reader, or: reason)
    var sizes: [Int] = []
    // The exact capacity: a shape with millions of dimensions should not grow by doubling.
    sizes.reserveCapacity(count ?? reader.commasBeforeBracket() + 1)
    try reader.beginArray()
    while try reader.nextElement() {
      try require(.number, &reader, or: reason)
      let number = try reader.readNumber()
      guard let size = number.int, number.text.utf8.first != UInt8(ascii: "-"), sizes.count != count else {
        throw invalid(reason)
      }
      sizes.append(size)
    }
    guard sizes.count == count ?? sizes.count else { throw invalid(reason) }
    return sizes
  }

  private func byteCount(_ name: String, _ dtype: DType, _ shape: [Int]) throws(SafetensorsError) -> Int {
    // Unsigned and in this order, so that it overflows exactly where the reference does.
    var product: UInt = 1
    func multiply(by size: Int) throws(SafetensorsError) {
      let (next, overflow) = product.multipliedReportingOverflow(by: UInt(size))
      guard !overflow else { throw invalid(.validationOverflow(name: name)) }
      product = next
    }
    for size in shape { try multiply(by: size) }
    try multiply(by: dtype.bitWidth)
    guard product % 8 == 0 else {
      let problem = "its \(dtype.rawValue) elements do not fill whole bytes"
      throw invalid(.invalidTensor(name: name, problem: problem))
    }
    return Int(product / 8)
  }

  // MARK: All tensors

  /// Orders the tensors as they lie in the file, and checks that they cover it exactly.
  private mutating func validateOffsets() throws(SafetensorsError) {
    tensors.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
    }
    var end = dataStart
    for tensor in tensors {
      guard tensor.byteRange.lowerBound == end else { throw invalid(.invalidOffset(name: tensor.name)) }
      end = tensor.byteRange.upperBound
    }
    guard end == file.size else { throw invalid(.incompleteBuffer(fileSize: file.size, wanted: end)) }
  }
}

/// The format of a file that is not safetensors, recognized by its first bytes; nil if unknown.
private func foreignFormat(firstBytes: ContiguousArray<UInt8>) -> SafetensorsError.ForeignFormat? {
  func starts(_ text: String) -> Bool { firstBytes.starts(with: text.utf8) }
  func format(_ name: String, _ remedy: String) -> SafetensorsError.ForeignFormat { .init(name: name, remedy: remedy) }
  let conversion = "save it with safetensors (model.save_pretrained does)"
  if let content = ForeignContent(firstBytes), content == .lfsPointer || content == .webPage {
    return format(content.name, content.remedy)
  }
  if starts("PK\u{3}\u{4}") { return format("a PyTorch pickle or another zip archive", conversion) }
  if firstBytes.count > 1, firstBytes[0] == 0x80, 2...5 ~= firstBytes[1] {
    return format("a Python pickle", conversion)
  }
  if starts("GGUF") { return format("a GGUF file", "give the original safetensors file") }
  if starts("\u{89}HDF") { return format("an HDF5 file", conversion) }
  return nil
}
