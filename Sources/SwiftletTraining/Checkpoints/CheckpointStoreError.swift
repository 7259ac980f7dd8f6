// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// Thrown when a checkpoint cannot be saved, or when another process uses the folder.
package enum CheckpointStoreError: SwiftletError, Equatable {
  /// Another process writes its checkpoints to this folder.
  case inUse(folder: String)
  /// The checkpoint could not be written. Earlier checkpoints are unchanged.
  case notSaved(step: Int, byteCount: Int, cause: FileError)

  package var path: String? {
    switch self {
    case .inUse(let folder): folder
    // The message of the cause names the file.
    case .notSaved: nil
    }
  }

  package var reason: String {
    switch self {
    case .inUse: "another run writes here"
    case .notSaved(_, let byteCount, let cause): "\(cause)\(cause.isOutOfSpace ? ", \(byteCount) bytes" : "")"
    }
  }

  package var remedy: String {
    switch self {
    case .inUse: "wait for it to end or give another folder"
    case .notSaved(let step, _, _): "the checkpoint of step \(step) was not saved, earlier ones are kept"
    }
  }
}
