// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// What is wrong with a run's checkpoint, for which it is left out.
public enum CheckpointDamage: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file is missing, or the disk cannot read it.
  case unreadable(FileError)
  /// A file is not JSON.
  case invalidJSON(JSONError)
  /// The manifest does not say what a manifest says.
  case invalidManifest(path: String, problem: String)
  /// A file has another size than was written.
  case wrongSize(path: String, found: Int, written: Int)
  /// A file has other bytes than were written.
  case wrongDigest(path: String)

  /// nil if the error says nothing of the file, as when the process may not read it or has too many open.
  init?(_ error: FileError) {
    guard error.isOfTheFile else { return nil }
    self = .unreadable(error)
  }

  /// One line: the file, what is wrong, what is done about it.
  public var description: String {
    let problem =
      switch self {
      case .unreadable(let error): "\(error)"
      case .invalidJSON(let error): "\(error)"
      case .invalidManifest(let path, let problem): "\(escaped(path)): \(problem)"
      case .wrongSize(let path, let found, let written):
        "\(escaped(path)): has \(found) bytes, but \(written) were written"
      case .wrongDigest(let path): "\(escaped(path)): other bytes than were written (SHA-256)"
      }
    return "\(problem); this checkpoint is left out"
  }
}
