// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// The checkpoints of a training run: the two newest, each a folder `step-000500` with the run's state and tensors.
///
/// A checkpoint is written to a temporary folder, each file brought to the disk, the manifest with all sizes and digests
/// last; then the folder is renamed, and only then an older one goes. So whenever the process or the machine stops, the
/// newest complete checkpoint is found, and one that the disk damaged is noticed.
///
/// One process at a time has the folder: it is locked until the store goes or the process ends.
package final class CheckpointStore {
  /// A checkpoint that was found whole.
  package struct Checkpoint: Sendable {
    package let step: Int
    package let folder: String
    package let state: JSONObject
  }

  package let folder: String
  private let lock: FolderLock

  /// The newest step that was saved or found whole.
  private var newestStep: Int?
  /// Folders that were found damaged, to be removed once there is a better one.
  private var damaged: Set<String> = []

  private static let stateName = "state.json"
  private static let prefix = "step-"
  private static let mostStateBytes = 1 << 28

  /// Makes the folder where it is missing, takes it, and removes what a killed process left half done there.
  ///
  /// - Throws: `FileError`, or ``CheckpointStoreError`` if another process has the folder.
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
  ///   - step: no fewer than were saved before; what is saved already is not saved again.
  ///   - byteCount: the size of all files, for a message if the disk is full.
  ///   - writeFiles: writes tensors into the folder it is given, each file durably, as `SafetensorsWriter` does.
  /// - Throws: ``CheckpointStoreError``, or what `writeFiles` throws besides `FileError`. Earlier checkpoints are then
  ///   as they were.
  package func save(
    step: Int, byteCount: Int, state: JSONObject, writingFiles writeFiles: (_ folder: String) throws -> Void
  ) throws {
    if step == newestStep { return }
    let path = joinPath(folder, CheckpointStore.name(of: step))
    do {
      try Folder(folder).removeTemporaries()
      var checkpoint = try AtomicFolder(path: path)
      try writeFiles(checkpoint.temporaryPath)
      try AtomicFile.write(.object(state), to: joinPath(checkpoint.temporaryPath, CheckpointStore.stateName))
      try CheckpointManifest.write(step: step, folder: checkpoint.temporaryPath)
      // One of this step or a later one was left out when the run started: the disk had damaged it.
      if exists(path) { try Folder(path).remove() }
      try checkpoint.commit()
    } catch let error as FileError {
      let cause = FileError(path: path, kind: error.kind)
      throw CheckpointStoreError.notSaved(step: step, byteCount: byteCount, cause: cause)
    }
    damaged.remove(path)
    newestStep = step
    removeAllBut(step)
  }

  /// The newest checkpoint that is whole, and what is wrong with newer ones.
  ///
  /// - Throws: `FileError` if the system does not let a checkpoint be read.
  package func newest() throws -> (checkpoint: Checkpoint?, damage: [CheckpointDamage]) {
    var damage: [CheckpointDamage] = []
    for step in try steps().reversed() {
      let path = joinPath(folder, CheckpointStore.name(of: step))
      do {
        try CheckpointManifest.verify(step: step, folder: path)
        let state = joinPath(path, CheckpointStore.stateName)
        let json = try CheckpointManifest.readable {
          // Hard negatives are some numbers a text.
          try JSONParser.parse(
            path: state, limit: CheckpointStore.mostStateBytes, maximumValueCount: CheckpointStore.mostStateBytes)
        }
        newestStep = step
        return (Checkpoint(step: step, folder: path, state: json.object ?? [:]), damage)
      } catch let error as CheckpointDamage {
        damage.append(error)
        damaged.insert(path)
      }
    }
    return (nil, damage)
  }

  /// Removes all but the checkpoint of `step`, which is the newest, and the one before it. What cannot be removed now
  /// is with the next.
  private func removeAllBut(_ step: Int) {
    guard let steps = try? steps() else { return }
    let before = steps.last { $0 < step && !damaged.contains(joinPath(folder, CheckpointStore.name(of: $0))) }
    for other in steps where other != step && other != before {
      try? Folder(joinPath(folder, CheckpointStore.name(of: other))).remove()
    }
  }

  /// The steps that have a folder, in rising order.
  private func steps() throws(FileError) -> [Int] {
    try Folder(folder).names().compactMap { name in
      guard name.hasPrefix(CheckpointStore.prefix), let step = Int(name.dropFirst(CheckpointStore.prefix.count)),
        step >= 0, name == CheckpointStore.name(of: step)
      else { return nil }
      return step
    }.sorted()
  }

  private static func name(of step: Int) -> String {
    precondition(step >= 0, "no step \(step)")
    let digits = String(step)
    return prefix + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
  }
}
