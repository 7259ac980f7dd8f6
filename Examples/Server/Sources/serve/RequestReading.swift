// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import Swiftlet
import SwiftletFiles
import Synchronization

/// The members of a request's JSON object, read with errors that name them.
struct RequestBody {
  let object: JSONObject

  func string(_ name: String) throws(ServerError) -> String? {
    try value(name, "a string") { $0.string }
  }

  func bool(_ name: String) throws(ServerError) -> Bool? {
    try value(name, "true or false") { $0.bool }
  }

  func integer(_ name: String, from least: Int) throws(ServerError) -> Int? {
    try value(name, "an integer of at least \(least)") { value in value.int.flatMap { $0 >= least ? $0 : nil } }
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _: Choice.Type) throws(ServerError) -> Choice?
  where Choice.RawValue == String {
    let names = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    return try value(name, "one of \(names)") { $0.string.flatMap(Choice.init(rawValue:)) }
  }

  func strings(_ name: String) throws(ServerError) -> [String]? {
    try value(name, "an array of strings") { $0.strings }
  }

  /// Whether the request has the member, and it is not null.
  func has(_ name: String) -> Bool { object[name] ?? .null != .null }

  /// The form of vectors that is asked for.
  func vectorEncoding() throws(ServerError) -> VectorEncoding {
    let encoding = try choice("encoding_format", VectorEncoding.self) ?? .float
    if encoding == .int8, try bool("normalize") == false {
      throw ServerError(
        .invalid, "int8 is for vectors of unit length, not with `normalize` false", parameter: "normalize")
    }
    return encoding
  }

  /// What is done with texts that are too long, as text-embeddings-inference's members say.
  func truncation() throws(ServerError) -> TextTruncation {
    let isLeft = try value("truncation_direction", "\"left\" or \"right\"") { value -> Bool? in
      switch value.string {
      case "left", "Left": true
      case "right", "Right": false
      default: nil
      }
    }
    if try bool("truncate") == false { return .refused }
    return isLeft ?? false ? .atStart : .atEnd
  }

  /// A member that the request must have.
  func required<Value>(_ name: String, _ value: Value?) throws(ServerError) -> Value {
    guard let value else { throw ServerError(.invalid, "`\(name)` is missing", parameter: name) }
    return value
  }

  /// A member, nil if it is absent or null.
  func value<Value>(_ name: String, _ wanted: String, _ read: (JSONValue) -> Value?) throws(ServerError) -> Value? {
    guard let member = object[name], member != .null else { return nil }
    guard let value = read(member) else {
      throw ServerError(.invalid, "`\(name)` must be \(wanted)", parameter: name)
    }
    return value
  }
}

extension JSONValue {
  /// The elements of an array, each read in the same way; nil if this is no array, or one cannot be read so.
  func elements<Element>(_ read: (JSONValue) -> Element?) -> [Element]? {
    guard let array else { return nil }
    let elements = array.compactMap(read)
    return elements.count == array.count ? elements : nil
  }

  var strings: [String]? { elements(\.string) }

  /// The ids of tokens.
  var ids: [Int32]? { elements { $0.int.flatMap { Int32(exactly: $0) } } }
}

/// The bytes of all bodies being read and all answers being written.
final class BufferBudget: Sendable {
  private let limit: Int
  private let used = Mutex(0)

  init(limit: Int) { self.limit = limit }

  var usedBytes: Int { used.withLock { $0 } }

  /// Bytes that are given back when the object goes.
  final class Share: Sendable {
    private let budget: BufferBudget
    private let bytes = Mutex(0)

    init(_ budget: BufferBudget) { self.budget = budget }

    /// Takes more bytes.
    func take(_ count: Int) throws(ServerError) {
      guard count <= budget.limit else {
        throw ServerError(
          .invalid, "the request needs about \(count) bytes of memory, at most \(budget.limit) are possible")
      }
      let fits = budget.used.withLock { used in
        guard used + count <= budget.limit else { return false }
        used += count
        return true
      }
      guard fits else {
        var error = ServerError(.overloaded, "the server has no memory for this request now; try again later")
        error.retryAfter = 1
        throw error
      }
      bytes.withLock { $0 += count }
    }

    deinit {
      let count = bytes.withLock { $0 }
      budget.used.withLock { $0 -= count }
    }
  }
}

extension Request {
  /// Reads the body, which is a JSON object.
  ///
  /// - Parameter share: takes the bytes of the body.
  func readJSON(_ settings: ServerSettings, _ share: BufferBudget.Share) async throws -> RequestBody {
    guard isJSON else {
      throw refusal(.contentType, "the content type must be application/json")
    }
    let declared = headers[.contentLength].flatMap { Int($0) }
    if let declared, declared > settings.maximumBodyBytes { throw tooLarge(settings) }
    if let declared {
      do throws(ServerError) { try share.take(declared) } catch { throw refused(error) }
    }
    let bytes = try await collect(settings, declared == nil ? share : nil)
    let value = try await runApart(byteCount: bytes.count) {
      // A value takes some 50 bytes, and a text of many small ones would take much more than its own bytes.
      try share.take(Request.separatorCount(bytes) * 50)
      return try JSONParser.parse(bytes)
    }
    guard let object = value.object else { throw ServerError(.invalid, "the body must be an object") }
    return RequestBody(object: object)
  }

  /// The commas and brackets of a JSON text that are in no string.
  private static func separatorCount(_ bytes: [UInt8]) -> Int {
    var count = 0, isInString = false, isEscaped = false
    for byte in bytes {
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\""): isInString.toggle()
      case UInt8(ascii: "\\"): isEscaped = isInString
      case UInt8(ascii: ","), UInt8(ascii: "["): count += isInString ? 0 : 1
      default: break
      }
    }
    return count
  }

  private func collect(_ settings: ServerSettings, _ share: BufferBudget.Share?) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await part in body {
      guard bytes.count + part.readableBytes <= settings.maximumBodyBytes else { throw tooLarge(settings) }
      do throws(ServerError) { try share?.take(part.readableBytes) } catch { throw refused(error) }
      bytes += part.readableBytesView
    }
    return bytes
  }

  private var isJSON: Bool {
    let type = headers[.contentType]?.prefix { $0 != ";" } ?? ""
    return type.lowercased().split(separator: " ") == ["application/json"]
  }

  private func tooLarge(_ settings: ServerSettings) -> ServerError {
    refusal(.bodyTooLarge, "the body is larger than \(settings.maximumBodyBytes) bytes")
  }

  private func refusal(_ kind: ServerError.Kind, _ message: String) -> ServerError {
    refused(ServerError(kind, message))
  }

  /// An error after which the rest of the body is not read.
  private func refused(_ error: ServerError) -> ServerError {
    var error = error
    error.closesConnection = true
    return error
  }
}
