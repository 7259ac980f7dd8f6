// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles
import SwiftletTokenizers

/// The output folder of a training run: it contains `checkpoints/` while the run goes on, and a model when it is
/// complete.
///
/// The model's files appear one by one, each complete, with `model.safetensors` last. If that file exists, the run is
/// complete. The checkpoints are removed after it.
package struct RunFolder: Sendable {
  /// The contents of the folder.
  package enum Status: Equatable, Sendable {
    /// The folder is empty or does not exist.
    case empty
    /// An incomplete run.
    case unfinished
    /// A complete run.
    case finished
    /// Something else, for example an entry of this name.
    case foreign(String)
  }

  package let path: String

  /// The names of the caller's files beside the checkpoints. They are removed with them.
  private let companions: Set<String>

  package init(_ path: String, companions: Set<String> = []) {
    self.path = path
    self.companions = companions
  }

  /// The path of the checkpoints.
  package var checkpoints: String { joinPath(path, checkpointsName) }

  /// The path of the weights of a complete run. They must be written after everything else.
  package var weights: String { joinPath(path, "model.safetensors") }

  /// Finds out what the folder contains.
  package func status() throws(FileError) -> Status {
    let names = try Folder(path).completeNames()
    if exists(weights) { return .finished }
    if exists(checkpoints) { return try foreignCheckpoint().map(Status.foreign) ?? .unfinished }
    return names.first.map(Status.foreign) ?? .empty
  }

  /// Removes incomplete files of a killed process.
  package func removeTemporaries() throws(FileError) { try Folder(path).removeTemporaries() }

  /// Removes the checkpoints of a complete run, also those left over by a process that was killed while removing them.
  package func removeCheckpoints() throws(FileError) {
    if exists(checkpoints), try foreignCheckpoint() == nil { try Folder(checkpoints).remove() }
    try removeTemporaries()
  }

  /// The first entry of the checkpoints' folder that is neither a checkpoint nor a companion. Such a folder is not ours
  /// and must not be removed.
  private func foreignCheckpoint() throws(FileError) -> String? {
    try Folder(checkpoints).completeNames().first { !$0.hasPrefix(checkpointPrefix) && !companions.contains($0) }
  }
}
