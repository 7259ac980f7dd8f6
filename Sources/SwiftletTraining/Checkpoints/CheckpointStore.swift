// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles
import SwiftletTokenizers

/// Stores the two newest checkpoints of a training run, each in a folder like `step-000500` with the run's state and
/// tensors.
///
/// A checkpoint is written to a temporary folder. Each file is flushed to the disk, the manifest with all sizes and
/// digests last. Then the folder is renamed, and only then an older checkpoint is removed. So after a crash of the
/// process or the machine the newest complete checkpoint is found, and a damaged one is detected.
///
/// Only one process at a time can use the folder. It is locked until the store is released or the process ends.
package final class CheckpointStore {
  /// A checkpoint whose files match its manifest.
  package struct Checkpoint: Sendable {
    package let step: Int
    package let folder: String
    package let state: JSONObject
  }

  package let folder: String
  private let lock: FolderLock

  /// The newest step that was saved or found undamaged.
  private var newestStep: Int?
  /// Damaged folders. They are removed once a newer checkpoint is saved.
  private var damaged: Set<String> = []

  private static let stateName = "state.json"
  private static let maximumStateByteCount = 1 << 28

  /// Creates the folder if it is missing, locks it, and removes incomplete files of a killed process.
  ///
  /// - Throws: `FileError`, or ``CheckpointStoreError`` if another process uses the folder.
  package init(folder: String) throws {
    try Folder(folder).create()
    guard let lock = try FolderLock(folder: folder) else { throw CheckpointStoreError.inUse(folder: folder) }
    self.folder = folder
    self.lock = lock
    try Folder(folder).removeTemporaries()
  }

  /// Saves the state of a run after `step` steps.
  ///
  /// - Parameters:
  ///   - step: the number of updates done, at least that of the last save. A step that is already saved is not saved
  ///     again.
  ///   - byteCount: the total size of the files, for the message if the disk is full.
  ///   - writeFiles: writes tensors into the given folder, each file durably, as `SafetensorsWriter` does.
  /// - Throws: ``CheckpointStoreError``, or the errors of `writeFiles` other than `FileError`. Earlier checkpoints are
  ///   then unchanged.
  package func save(
    step: Int, byteCount: Int, state: JSONObject, writingFiles writeFiles: (_ folder: String) throws -> Void
  ) throws {
    if step == newestStep { return }
    let path = joinPath(folder, CheckpointStore.name(of: step))
    do {
      try Folder(folder).removeTemporaries()
      var checkpoint = try AtomicFolder(path: path)
      try writeFiles(checkpoint.temporaryPath)
      try JSONValue.object(state).write(to: joinPath(checkpoint.temporaryPath, CheckpointStore.stateName))
      try CheckpointManifest.write(step: step, folder: checkpoint.temporaryPath)
      // A folder of this step exists only if it was damaged when the run started.
      if exists(path) { try Folder(path).remove() }
      try checkpoint.commit()
    } catch let error as FileError {
      let cause = FileError(path: path, problem: error.problem)
      throw CheckpointStoreError.notSaved(step: step, byteCount: byteCount, cause: cause)
    }
    damaged.remove(path)
    newestStep = step
    removeAllBut(step)
  }

  /// The newest undamaged checkpoint, and the damage of newer ones.
  ///
  /// - Throws: `FileError` if the system does not allow reading a checkpoint.
  package func newest() throws -> (checkpoint: Checkpoint?, damage: [CheckpointDamage]) {
    var damage: [CheckpointDamage] = []
    for step in try steps().reversed() {
      let path = joinPath(folder, CheckpointStore.name(of: step))
      do {
        let checkpoint = try CheckpointStore.checkpoint(step, in: folder)
        newestStep = step
        return (checkpoint, damage)
      } catch let error as CheckpointDamage {
        damage.append(error)
        damaged.insert(path)
      }
    }
    return (nil, damage)
  }

  /// Reads a checkpoint in a folder that another process may have locked.
  ///
  /// - Throws: ``CheckpointDamage``; `FileError` if the system does not allow reading it.
  static func checkpoint(_ step: Int, in folder: String) throws -> Checkpoint {
    let path = joinPath(folder, CheckpointStore.name(of: step))
    try CheckpointManifest.verify(step: step, folder: path)
    let json = try CheckpointManifest.readable {
      // Hard negatives need several numbers for each text.
      try JSONParser.parse(
        path: joinPath(path, CheckpointStore.stateName), limit: CheckpointStore.maximumStateByteCount,
        maximumValueCount: CheckpointStore.maximumStateByteCount)
    }
    return Checkpoint(step: step, folder: path, state: json.object ?? [:])
  }

  /// Removes all checkpoints but that of `step`, the newest, and the one before it. Folders that cannot be removed are
  /// tried again after the next save.
  private func removeAllBut(_ step: Int) {
    guard let steps = try? steps() else { return }
    let before = steps.last { $0 < step && !damaged.contains(joinPath(folder, CheckpointStore.name(of: $0))) }
    for other in steps where other != step && other != before {
      try? Folder(joinPath(folder, CheckpointStore.name(of: other))).remove()
    }
  }

  /// The steps that have a folder, in ascending order.
  private func steps() throws(FileError) -> [Int] {
    try Folder(folder).names().compactMap { name in
      guard name.hasPrefix(checkpointPrefix), let step = Int(name.dropFirst(checkpointPrefix.count)),
        step >= 0, name == CheckpointStore.name(of: step)
      else { return nil }
      return step
    }.sorted()
  }

  private static func name(of step: Int) -> String {
    precondition(step >= 0, "no step \(step)")
    let digits = String(step)
    return checkpointPrefix + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
  }
}
