// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// A checkpoint that could not be saved, or a folder of them that is taken.
public enum CheckpointStoreError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Another process writes its checkpoints there.
  case inUse(folder: String)
  /// The checkpoint could not be written; those before it are as they were.
  case notSaved(step: Int, byteCount: Int, cause: FileError)

  /// One line: the path, what went wrong, what to do.
  public var description: String {
    switch self {
    case .inUse(let folder):
      return "\(escaped(folder)): another run writes here; wait for it to end or give another folder"
    case .notSaved(let step, let byteCount, let cause):
      let need = cause.isOutOfSpace ? ", \(byteCount) bytes" : ""
      return "\(cause)\(need); the checkpoint of step \(step) was not saved, earlier ones are kept"
    }
  }
}
