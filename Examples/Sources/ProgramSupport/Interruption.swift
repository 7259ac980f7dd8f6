// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a signal does: SIGINT ends the program with 130, SIGTERM with 143; an unfinished file is removed first.
///
/// A closed pipe is no signal but an error where it is written to.
package enum Interruption {
  /// The temporary file to remove.
  static let unfinishedFile = Mutex<String?>(nil)

  /// Call once, when the program starts.
  package static func handleSignals() {
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)  // the source takes its place
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        unfinishedFile.withLock { path in
          if let path { unlink(path) }
          _exit(128 + number)
        }
        withExtendedLifetime(source) {}  // until the program ends
      }
      source.activate()
    }
  }
}
