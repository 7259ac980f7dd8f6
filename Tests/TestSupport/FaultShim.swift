// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The kinds of faults, in fault_shim.c's order.
package enum Fault: Int32, CaseIterable, Sendable {
  case diskFull, diskFails, interrupted, shortWrite, killed, powerFailure

  package var isHarmless: Bool { self == .interrupted || self == .shortWrite }
  package var isTheEnd: Bool { self == .killed || self == .powerFailure }
}

/// The library that makes a system call of this thread go wrong: Scripts/check_faults.sh preloads it.
package struct FaultShim {
  private let armCall: @convention(c) (Int32, Int32) -> Void
  private let disarmCall: @convention(c) () -> Int32

  /// Whether tests that need the library can run.
  package static var isThere: Bool { ProcessInfo.processInfo.environment["SWIFTLET_FAULTS"] != nil }

  package init() throws {
    let process = dlopen(nil, RTLD_NOW)
    armCall = unsafeBitCast(try #require(dlsym(process, "faults_arm")), to: type(of: armCall))
    disarmCall = unsafeBitCast(try #require(dlsym(process, "faults_disarm")), to: type(of: disarmCall))
  }

  /// Makes the `call`-th system call of this thread go wrong.
  package func arm(_ fault: Fault, _ call: Int) { armCall(fault.rawValue, Int32(call)) }

  /// Stops the faults and returns the number of calls.
  package func disarm() -> Int { Int(disarmCall()) }
}
