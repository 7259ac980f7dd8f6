// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// The environment variable `SWIFTLET_CPU` names a path that this CPU cannot run.
package struct CPUPathError: SwiftletError, Equatable {
  /// The variable's value.
  package let requested: String

  /// The values that work on this CPU.
  package let available: [String]

  package init(requested: String, available: [String]) {
    self.requested = requested
    self.available = available
  }

  package var path: String? { nil }
  package var reason: String { "SWIFTLET_CPU=\(requested.debugDescription): this CPU has no such path" }
  package var remedy: String { "unset it or use one of \(available.joined(separator: ", "))" }
}
