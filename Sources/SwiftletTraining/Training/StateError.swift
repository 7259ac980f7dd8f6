// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A checkpoint that is whole but not one of this model: another version of the package wrote it.
public struct StateError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What is missing or has another shape.
  public let name: String

  /// One line: the file, what is wrong, what to do.
  public var description: String {
    "\(escaped(path)): \(quoted(name)) is missing or not this model's; start anew in another folder"
  }
}
