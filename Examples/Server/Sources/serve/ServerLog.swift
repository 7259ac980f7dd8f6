// SPDX-License-Identifier: Apache-2.0

import Logging
import ProgramSupport
import SwiftletFiles
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Writes each message on a line of standard error, as text or as a JSON object.
///
/// A line that cannot be written at once is dropped, and the next one that can says how many were: a reader of the log
/// that stands still must not stop the server.
struct ServerLog: LogHandler {
  enum Format: String, CaseIterable {
    case text, json
  }

  let label: String
  let format: Format
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  private static let droppedCount = Mutex(0)

  init(label: String, format: Format) {
    self.label = label
    self.format = format
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    ServerLog.droppedCount.withLock { dropped in
      let isWritten = StandardError.printWithoutWaiting { line(event, dropped: dropped) }
      dropped = isWritten ? 0 : dropped + 1
    }
  }

  private func line(_ event: LogEvent, dropped: Int) -> String {
    var members = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
    if dropped > 0 { members["log.dropped"] = "\(dropped)" }
    let sorted = members.sorted { $0.key < $1.key }
    let time = Date.now.formatted(.iso8601)
    guard format == .json else {
      let text = sorted.map { " \($0.key)=\($0.value)" }.joined()
      return "\(time) \(event.level) \(label): \(event.message)\(text)"
    }
    var object: JSONObject = [
      "time": .string(time), "level": .string(event.level.rawValue), "label": .string(label),
      "message": .string("\(event.message)"),
    ]
    for (key, value) in sorted { object[key] = .string("\(value)") }
    var bytes: [UInt8] = []
    JSONWriter.append(.object(object), to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
