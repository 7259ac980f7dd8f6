// SPDX-License-Identifier: Apache-2.0

import Logging
import ProgramSupport
import SwiftletFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Writes each message as a JSON object on a line of standard error.
struct JSONLogHandler: LogHandler {
  let label: String
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  init(label: String) { self.label = label }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var object: JSONObject = [
      "time": .string(Date.now.formatted(.iso8601)), "level": .string(event.level.rawValue), "label": .string(label),
      "message": .string("\(event.message)"),
    ]
    let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) { object[key] = .string("\(value)") }
    var bytes: [UInt8] = []
    JSONWriter.append(.object(object), to: &bytes)
    StandardError.print(String(decoding: bytes, as: UTF8.self))
  }
}
