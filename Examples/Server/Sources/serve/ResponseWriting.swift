// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import ProgramSupport
import Swiftlet
import SwiftletFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Response {
  init(json value: JSONValue, status: HTTPResponse.Status = .ok) {
    var bytes: [UInt8] = []
    JSONWriter.append(value, to: &bytes)
    self.init(jsonBytes: bytes, status: status)
  }

  init(jsonBytes bytes: [UInt8], status: HTTPResponse.Status = .ok) {
    self.init(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

/// The form of the vectors in an answer.
enum VectorEncoding: String, CaseIterable {
  /// JSON numbers, each the shortest that reads back equal.
  case float
  /// The bytes of float32 in little-endian order, as base64.
  case base64
  /// round(127 x), from -127 to 127; 1/127 of it is near x. For vectors of unit length.
  case int8
  /// A bit for each dimension, eight in a number from -128 to 127.
  case binary
  /// The same in a number from 0 to 255.
  case ubinary

  /// About the bytes of a vector in JSON.
  func byteCount(dimension: Int) -> Int {
    switch self {
    case .float: dimension * 14 + 2
    case .base64: (dimension * 4 + 2) / 3 * 4 + 2
    case .int8: dimension * 5 + 2
    case .binary, .ubinary: (dimension + 7) / 8 * 5 + 2
    }
  }
}

/// The vectors of an answer in one of the encodings.
struct EncodedVectors: Sendable {
  private let vectors: Embeddings
  private let encoding: VectorEncoding
  private let quantized: QuantizedEmbeddings?

  init(_ vectors: Embeddings, _ encoding: VectorEncoding) {
    self.vectors = vectors
    self.encoding = encoding
    quantized =
      switch encoding {
      case .float, .base64: nil
      case .int8: QuantizedEmbeddings(vectors, as: .unit)
      case .binary: QuantizedEmbeddings(vectors, as: .binary)
      case .ubinary: QuantizedEmbeddings(vectors, as: .ubinary)
      }
  }

  /// About the bytes of all vectors in JSON.
  var byteCount: Int { vectors.count * encoding.byteCount(dimension: vectors.dimension) }

  /// Appends a vector as a JSON value.
  func append(_ index: Int, to bytes: inout [UInt8]) {
    if let quantized {
      bytes.appendJSON(quantized[index])
    } else if encoding == .base64 {
      bytes.append(UInt8(ascii: "\""))
      bytes.appendBase64(of: vectors[index])
      bytes.append(UInt8(ascii: "\""))
    } else {
      bytes.appendJSON(vectors[index])
    }
  }
}

extension [UInt8] {
  /// Appends a JSON array.
  mutating func appendArray<Item, Failure: Error>(
    of elements: some Collection<Item>, _ appendElement: (inout [UInt8], Item) throws(Failure) -> Void
  ) throws(Failure) {
    append(UInt8(ascii: "["))
    try append(elements, separator: ",", appendElement)
    append(UInt8(ascii: "]"))
  }

  /// Appends finite numbers as a JSON array.
  mutating func appendJSON(_ numbers: some Collection<some CustomStringConvertible & Numeric>) {
    appendArray(of: numbers) { $0 += $1.description.utf8 }
  }

  /// Appends the little-endian bytes of numbers as base64 (RFC 4648).
  mutating func appendBase64(of numbers: some Collection<Float>) {
    var bytes = Data(capacity: numbers.count * 4)
    for number in numbers {
      Swift.withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    self += bytes.base64EncodedData()
  }
}
