// SPDX-License-Identifier: Apache-2.0

/// A folder that appears under its name only once it is complete.
///
/// Files go to a temporary folder beside it, and their writers flush them to the disk, as ``AtomicFile`` does. `commit`
/// flushes the folder and renames it. Without `commit`, or after an error, the temporary folder and its files are
/// removed.
package struct AtomicFolder: ~Copyable {
  /// The folder's final path.
  package let path: String
  /// The path of the temporary folder.
  package let temporaryPath: String
  private var isCommitted = false

  /// Creates the temporary folder.
  package init(path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(path: path, problem: .invalidPath) }
    let temporaryPath = SwiftletFiles.temporaryPath(beside: path)
    try System.makeFolder(temporaryPath, reportedAs: path)
    self.path = path
    self.temporaryPath = temporaryPath
  }

  deinit {
    if !isCommitted { Folder(temporaryPath).removeInPlace() }
  }

  /// Moves the folder to its final path and flushes that to the disk. Only an empty folder may be there before.
  package mutating func commit() throws(FileError) {
    precondition(!isCommitted, "an AtomicFolder is committed once")
    try synchronize(folder: temporaryPath, reportedAs: path)
    try System.renameFile(temporaryPath, to: path, "rename to", reportedAs: path)
    isCommitted = true
    try synchronize(folder: parentFolder(of: path), reportedAs: path)
  }
}
