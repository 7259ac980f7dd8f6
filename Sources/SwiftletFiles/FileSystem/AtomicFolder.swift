// SPDX-License-Identifier: Apache-2.0

/// A folder that appears under its name only once it is complete.
///
/// Files are written to a temporary folder beside it, each brought to the disk by its writer, as ``AtomicFile`` does;
/// `commit` does so with the folder and renames it. Without `commit`, or after an error, the temporary folder is
/// removed with all in it.
package struct AtomicFolder: ~Copyable {
  /// Where the folder will be.
  package let path: String
  /// Where it is until then.
  package let temporaryPath: String
  private var isCommitted = false

  /// Makes the temporary folder.
  package init(path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(path: path, kind: .invalidPath) }
    let temporaryPath = SwiftletFiles.temporaryPath(beside: path)
    try System.makeFolder(temporaryPath, reportedAs: path)
    self.path = path
    self.temporaryPath = temporaryPath
  }

  deinit {
    if !isCommitted { Folder(temporaryPath).removeInPlace() }
  }

  /// Puts the folder in its place, where nothing may lie but an empty folder, and makes that durable.
  package mutating func commit() throws(FileError) {
    precondition(!isCommitted, "an AtomicFolder is committed once")
    try synchronize(folder: temporaryPath, reportedAs: path)
    try System.renameFile(temporaryPath, to: path, "rename to", reportedAs: path)
    isCommitted = true
    try synchronize(folder: parentFolder(of: path), reportedAs: path)
  }
}
