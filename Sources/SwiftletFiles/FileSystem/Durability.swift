// SPDX-License-Identifier: Apache-2.0

/// Brings the names in a folder to the disk, after one was made or renamed there.
///
/// - Parameter shown: the path that errors name.
func synchronize(folder: String, reportedAs shown: String) throws(FileError) {
  try FileDescriptor(path: folder, for: .folder).synchronize(reportedAs: shown)
}

/// A name of its own in the folder of `path`, for what is not complete yet.
func temporaryPath(beside path: String) -> String {
  let random = String(UInt64.random(in: .min ... .max), radix: 16)
  return joinPath(parentFolder(of: path), ".swiftlet-\(random).tmp")
}

/// Whether a name is one that ``temporaryPath(beside:)`` makes; a process that was killed leaves such files behind.
func isTemporary(_ name: String) -> Bool { name.hasPrefix(".swiftlet-") && name.hasSuffix(".tmp") }
