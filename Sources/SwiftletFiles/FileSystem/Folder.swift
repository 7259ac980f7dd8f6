// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A folder, by its path.
package struct Folder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Makes the folder, and those that hold it, where they are missing, and brings their names to the disk.
  package func create() throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(path: path, reason: .invalidPath) }
    let parent = parentFolder(of: path)
    if !exists(parent) { try Folder(parent).create() }
    do throws(FileError) {
      try uninterrupted("make a folder", path) { mkdir(path, 0o777) }
    } catch {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw error }
      return
    }
    try synchronize(folder: parent, path: path)
  }

  /// What lies in the folder, in the order of the names' bytes; empty if there is no folder.
  package func names() throws(FileError) -> [String] {
    guard !path.utf8.contains(0) else { throw FileError(path: path, reason: .invalidPath) }
    var opened = opendir(path)
    while opened == nil && errno == EINTR { opened = opendir(path) }
    guard let stream = opened else {
      if errno == ENOENT { return [] }
      throw FileError(path: path, reason: .system(operation: "open", errno: errno))
    }
    defer { closedir(stream) }
    var names: [UTF8Key] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(UTF8Key(name)) }
    }
    if errno != 0 { throw FileError(path: path, reason: .system(operation: "read", errno: errno)) }
    return names.sorted().map(\.string)
  }

  /// What lies in the folder but for what processes that were killed left half done.
  package func completeNames() throws(FileError) -> [String] { try names().filter { !isTemporary($0) } }

  /// Removes the folder with all in it, at once for whoever looks for it by its name; if that fails it stays whole.
  package func remove() throws(FileError) {
    let temporaryPath = temporaryPath(beside: path)
    try uninterrupted("remove", path) { rename(path, temporaryPath) }
    Folder(temporaryPath).removeInPlace()
  }

  /// Removes what processes that were killed left half done in the folder and in those inside it. No other process may
  /// write to them now.
  package func removeTemporaries() throws(FileError) {
    for name in try names() {
      let inner = Folder(joinPath(path, name))
      if isTemporary(name) {
        inner.removeInPlace()
      } else if inner.isThere {
        try inner.removeTemporaries()
      }
    }
  }

  /// Whether a folder, not a link to one, lies at the path.
  private var isThere: Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Removes what lies at the path, be it a file or a folder with all in it; what cannot be removed stays.
  func removeInPlace() {
    if isThere {
      for name in (try? names()) ?? [] { Folder(joinPath(path, name)).removeInPlace() }
      _ = try? uninterrupted("remove", path) { rmdir(path) }
    } else {
      _ = try? uninterrupted("remove", path) { unlink(path) }
    }
  }
}
