// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletTensors

/// Whether ``peakMemory(of:)`` works here: only Linux reports the peak, and a sanitizer takes memory of its own.
package var canMeasureMemory: Bool {
  #if os(Linux)
    !NumberMemory.isExact
  #else
    false
  #endif
}

/// The peak memory of the process during `body`, in bytes above what it was before.
///
/// For a process that does nothing else, such as an exit test's: every thread's memory counts. Linux only.
package func peakMemory(of body: () throws -> Void) throws -> Int {
  func memory(_ field: String) throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
    guard let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return kilobytes << 10
  }
  // 5 sets the peak back to what is in use now: proc(5).
  try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
  let before = try memory("VmRSS:")
  try body()
  return try memory("VmHWM:") - before
}
