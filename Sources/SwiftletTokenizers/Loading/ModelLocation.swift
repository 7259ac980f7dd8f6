// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The folder of a model that a user's path means.
///
/// The root of a model in a hub cache, `models--organization--name`, means its snapshot: the one that `refs/main` names,
/// else the only one.
///
/// - Throws: ``ModelLocationError`` if the path is a name on the hub and no folder here, a cache without a snapshot to
///   choose, or the folder of a run of fine-tuning that is not complete.
package func modelFolder(at path: String) throws -> String {
  guard exists(path) else {
    guard isHubName(path) else { return path }
    throw ModelLocationError(path: path, problem: .hubName)
  }
  if isUnfinishedRun(path) { throw ModelLocationError(path: path, problem: .unfinishedRun) }
  let snapshots = joinPath(path, "snapshots")
  guard exists(snapshots), !exists(joinPath(path, "config.json")), !exists(joinPath(path, "modules.json")) else {
    return path
  }
  let names = try Folder(snapshots).names().filter { !$0.hasPrefix(".") }
  let reference = joinPath(path, "refs/main")
  if exists(reference) {
    let bytes = try InputFile(path: reference).readAll(limit: 1 << 10)
    if let name = names.first(where: { $0.utf8.elementsEqual(bytes.prefix { $0 > 0x20 }) }) {
      return joinPath(snapshots, name)
    }
  }
  guard names.count == 1 else { throw ModelLocationError(path: path, problem: .hubCache(snapshots: names.count)) }
  return joinPath(snapshots, names[0])
}

/// The name of the folder in the output of a run of fine-tuning that contains the checkpoints until the model is complete.
package let checkpointsName = "checkpoints"

/// How the names of checkpoints begin.
package let checkpointPrefix = "step-"

/// Whether a folder has checkpoints, but no weights yet.
private func isUnfinishedRun(_ path: String) -> Bool {
  let checkpoints = joinPath(path, checkpointsName)
  guard exists(checkpoints), !exists(joinPath(path, "model.safetensors")) else { return false }
  return (try? Folder(checkpoints).names())?.contains { $0.hasPrefix(checkpointPrefix) } ?? false
}

/// Whether a path looks like `organization/name`.
private func isHubName(_ path: String) -> Bool {
  let parts = path.split(separator: "/", omittingEmptySubsequences: false)
  return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.first != "." } && !exists(String(parts[0]))
}

/// Thrown for a path that means no folder of a model.
package struct ModelLocationError: SwiftletError, Equatable {
  /// What the path is.
  package enum Problem: Equatable, Sendable {
    /// The name of a model on the Hugging Face hub.
    case hubName
    /// The folder of a model in a hub cache, without a snapshot or with several.
    case hubCache(snapshots: Int)
    /// The output folder of a run of fine-tuning that is not complete.
    case unfinishedRun
  }

  package let path: String?
  /// What the path is.
  package let problem: Problem

  package var reason: String {
    switch problem {
    case .hubName: "there is no such folder; this looks like a model's name on the hub, and models are not downloaded"
    case .hubCache(0): "this is a hub cache without a snapshot of the model"
    case .hubCache(let count): "this is a hub cache with \(count) snapshots of the model"
    case .unfinishedRun: "this is the folder of a run of fine-tuning that is not complete"
    }
  }

  package var remedy: String {
    let name = path ?? ""
    let folder = name.split(separator: "/").last.map { escaped(String($0)) } ?? "model"
    return switch problem {
    case .hubName:
      "check the path, or download the model once, `hf download \(escaped(name)) --local-dir \(folder)`, and give that folder"
    case .hubCache(0): "download the model again"
    case .hubCache: "give one of the folders below snapshots/"
    case .unfinishedRun: "finish the run: finetune with --resume, in Swift Trainer.run with resumes: true"
    }
  }
}
