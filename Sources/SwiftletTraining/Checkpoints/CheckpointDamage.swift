// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// Says why a checkpoint of a run is not used.
package enum CheckpointDamage: SwiftletError, Equatable {
  /// A file is missing, or the disk cannot read it.
  case unreadable(FileError)
  /// A file is not JSON.
  case invalidJSON(JSONError)
  /// The manifest lacks something, or has a wrong value.
  case invalidManifest(path: String, problem: String)
  /// A file has another size than was written.
  case wrongSize(path: String, found: Int, written: Int)
  /// A file has other bytes than were written.
  case wrongDigest(path: String)

  /// nil if the error does not mean that the file is damaged, for example if the process may not read it or has too
  /// many files open.
  init?(_ error: FileError) {
    guard error.isCausedByFile else { return nil }
    self = .unreadable(error)
  }

  package var path: String? {
    switch self {
    case .unreadable(let error): error.path
    case .invalidJSON(let error): error.path
    case .invalidManifest(let path, _), .wrongSize(let path, _, _), .wrongDigest(let path): path
    }
  }

  package var reason: String {
    switch self {
    case .unreadable(let error): error.reason
    case .invalidJSON(let error): error.reason
    case .invalidManifest(_, let problem): problem
    case .wrongSize(_, let found, let written): "has \(found) bytes, but \(written) were written"
    case .wrongDigest: "other bytes than were written (SHA-256)"
    }
  }

  package var remedy: String {
    let cause: String =
      switch self {
      case .unreadable(let error): error.remedy
      case .invalidJSON(let error): error.remedy
      case .invalidManifest, .wrongSize, .wrongDigest: ""
      }
    return (cause.isEmpty ? "" : "\(cause); ") + "this checkpoint is left out"
  }
}
