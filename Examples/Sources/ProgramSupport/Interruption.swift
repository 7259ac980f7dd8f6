// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a signal does: SIGINT ends the program with 130, SIGTERM with 143; an unfinished file is removed first. A program
/// that saves its work takes SIGUSR1 for SIGTERM: it is what schedulers of clusters send before they end a job.
///
/// A closed pipe is no signal but an error where it is written to.
package enum Interruption {
  /// The temporary file to remove.
  static let unfinishedFile = Mutex<String?>(nil)

  /// The signal that asked the program to stop.
  private static let received = Mutex<CInt?>(nil)

  /// Call once, when the program starts.
  ///
  /// - Parameter stop: is called at the first signal, on some thread, to let the program save its work; it then calls
  ///   ``exitIfInterrupted()``. A second signal ends the program at once. nil: so does the first.
  package static func handleSignals(stop: (@Sendable () -> Void)? = nil) {
    signal(SIGPIPE, SIG_IGN)
    for sent in [SIGINT, SIGTERM] + (stop == nil ? [] : [SIGUSR1]) {
      signal(sent, SIG_IGN)  // the source takes its place
      let source = DispatchSource.makeSignalSource(signal: sent, queue: .global())
      let number = sent == SIGUSR1 ? SIGTERM : sent
      source.setEventHandler {
        let isFirst = received.withLock { received in
          defer { received = received ?? number }
          return received == nil
        }
        if isFirst, let stop { return stop() }
        unfinishedFile.withLock { path in
          if let path { unlink(path) }
          _exit(128 + number)
        }
        withExtendedLifetime(source) {}  // until the program ends
      }
      source.activate()
    }
  }

  /// Ends the program as a signal that was received asks.
  package static func exitIfInterrupted() throws {
    if let number = received.withLock({ $0 }) { throw ExitCode(128 + number) }
  }
}
