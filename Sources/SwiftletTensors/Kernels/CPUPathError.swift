// SPDX-License-Identifier: Apache-2.0

/// The environment variable `SWIFTLET_CPU` names a path that this CPU cannot run.
public struct CPUPathError: Error, Equatable, CustomStringConvertible {
  /// The variable's value.
  public let requested: String

  /// The values that work on this CPU.
  public let available: [String]

  package init(requested: String, available: [String]) {
    self.requested = requested
    self.available = available
  }

  /// One line: what is wrong and what to do.
  public var description: String {
    "SWIFTLET_CPU=\(requested.debugDescription): this CPU has no such path; "
      + "unset it or use one of \(available.joined(separator: ", "))"
  }
}
