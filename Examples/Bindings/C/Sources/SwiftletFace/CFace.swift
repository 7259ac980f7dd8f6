// SPDX-License-Identifier: Apache-2.0

import Swiftlet

// The functions of include/swiftlet.h, which says what they do. Pointers end here and in what they are wrapped in:
// `MessageBuffer`, `TextColumn`, `OutputRows`.

/// `swiftlet_abi` of swiftlet.h.
#if compiler(>=6.3)
  @c(swiftlet_abi)
#else
  @_cdecl("swiftlet_abi")
#endif
public func abi() -> Int32 { 1 }

/// `swiftlet_open` of swiftlet.h.
#if compiler(>=6.3)
  @c(swiftlet_open)
#else
  @_cdecl("swiftlet_open")
#endif
public func open(
  folder: UnsafePointer<CChar>?, precision: UnsafePointer<CChar>?, threads: Int32,
  messages: UnsafeMutablePointer<CChar>?, messagesSize: Int64
) -> Int64 {
  let messages = unsafe MessageBuffer(start: messages, size: messagesSize)
  do {
    let folder = unsafe try text(folder, named: "folder")
    let name = unsafe try text(precision, named: "precision")
    guard let precision = Precision(rawValue: name) else {
      throw CallError.unknown(name, kind: "precision", known: Precision.allCases.map(\.rawValue))
    }
    let (handle, warnings) = try OpenEncoders.open(folder: folder, precision: precision, threads: threads)
    messages.write(warnings.joined(separator: "\n"))
    return handle
  } catch {
    messages.write("\(error)")
    return 0
  }
}

/// `swiftlet_close` of swiftlet.h.
#if compiler(>=6.3)
  @c(swiftlet_close)
#else
  @_cdecl("swiftlet_close")
#endif
public func close(handle: Int64) { OpenEncoders.close(handle) }

/// `swiftlet_dimension` of swiftlet.h.
#if compiler(>=6.3)
  @c(swiftlet_dimension)
#else
  @_cdecl("swiftlet_dimension")
#endif
public func dimension(handle: Int64) -> Int64 {
  (try? OpenEncoders.encoder(handle)).map { Int64($0.dimension) } ?? -1
}

/// `swiftlet_row_size` of swiftlet.h.
#if compiler(>=6.3)
  @c(swiftlet_row_size)
#else
  @_cdecl("swiftlet_row_size")
#endif
public func rowSize(handle: Int64, format: UnsafePointer<CChar>?) -> Int64 {
  do {
    let format = unsafe try OutputFormat(named: text(format, named: "format"))
    return Int64(format.rowSize(dimension: try OpenEncoders.encoder(handle).dimension))
  } catch {
    return -1
  }
}

/// `swiftlet_encode` of swiftlet.h.
#if compiler(>=6.3)
  @c(swiftlet_encode)
#else
  @_cdecl("swiftlet_encode")
#endif
public func encode(
  handle: Int64, count: Int64, offsets: UnsafePointer<Int32>?, data: UnsafePointer<UInt8>?, dataSize: Int64,
  format: UnsafePointer<CChar>?, output: UnsafeMutableRawPointer?, outputSize: Int64,
  truncated: UnsafeMutablePointer<UInt8>?, error: UnsafeMutablePointer<CChar>?, errorSize: Int64
) -> Int32 {
  let message = unsafe MessageBuffer(start: error, size: errorSize)
  do {
    let encoder = try OpenEncoders.encoder(handle)
    let format = unsafe try OutputFormat(named: text(format, named: "format"))
    // The output first: its size bounds the number of texts, so that an absurd one is found before offsets are read.
    let rows = unsafe try OutputRows(
      count: count, dimension: encoder.dimension, format: format, start: output, size: outputSize,
      truncated: truncated)
    var column = unsafe try TextColumn(count: rows.count, offsets: offsets, data: data, dataSize: dataSize)
    var done = 0
    while case let texts = try column.next(), !texts.isEmpty {
      rows.write(try encoder.encode(texts), from: done)
      done += texts.count
    }
    message.write("")
    return 0
  } catch {
    message.write("\(error)")
    return 1
  }
}

/// A text of the caller's.
private func text(_ start: UnsafePointer<CChar>?, named name: String) throws(CallError) -> String {
  guard let start = unsafe start else { throw .null(name) }
  guard let text = unsafe String(validatingCString: start) else { throw .notText(name) }
  return text
}
