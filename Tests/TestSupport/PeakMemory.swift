// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletTensors

/// Whether ``peakMemory(of:)`` says something here: Linux tells it, and a sanitizer takes memory of its own.
package var canMeasureMemory: Bool {
  #if os(Linux)
    !NumberMemory.isExact
  #else
    false
  #endif
}

/// By how many bytes the memory of the process rose above what it was before `body`, at the most.
///
/// For a process that does nothing else, as that of an exit test: every thread's memory counts. Linux only.
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
