// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// The folder that a training run writes: `checkpoints/` while it goes on, a model once it is complete.
///
/// The model's files appear one by one, each whole, `model.safetensors` last: where that lies the run is complete. The
/// checkpoints go after it.
package struct RunFolder: Sendable {
  /// What lies in the folder.
  package enum Status: Equatable, Sendable {
    /// Nothing, or there is no folder.
    case empty
    /// A run that was not completed.
    case unfinished
    /// A run that was completed.
    case finished
    /// Something else, as this name.
    case foreign(String)
  }

  package let path: String

  /// The names of the caller's own files that may lie beside the checkpoints, and go with them.
  private let companions: Set<String>

  package init(_ path: String, companions: Set<String> = []) {
    self.path = path
    self.companions = companions
  }

  /// Where the checkpoints are.
  package var checkpoints: String { joinPath(path, "checkpoints") }

  /// Where the weights are once the run is complete; they are to be written after all else.
  package var weights: String { joinPath(path, "model.safetensors") }

  /// What lies in the folder now.
  package func status() throws(FileError) -> Status {
    let names = try Folder(path).completeNames()
    if exists(weights) { return .finished }
    if exists(checkpoints) { return try foreignCheckpoint().map(Status.foreign) ?? .unfinished }
    return names.first.map(Status.foreign) ?? .empty
  }

  /// Removes what a process that was killed left half done.
  package func removeTemporaries() throws(FileError) { try Folder(path).removeTemporaries() }

  /// Removes the checkpoints of a run that is complete, and what is left of them if a process was killed at that.
  package func removeCheckpoints() throws(FileError) {
    if exists(checkpoints), try foreignCheckpoint() == nil { try Folder(checkpoints).remove() }
    try removeTemporaries()
  }

  /// The first name among the checkpoints that is neither a checkpoint's nor a companion's: nobody shall lose a folder
  /// that happens to have the checkpoints' name.
  private func foreignCheckpoint() throws(FileError) -> String? {
    try Folder(checkpoints).completeNames().first { !$0.hasPrefix("step-") && !companions.contains($0) }
  }
}
