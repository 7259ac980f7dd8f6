// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Brings a file, or a folder's list of names, to the disk; on macOS past the drive's own cache.
///
/// - Parameter path: what errors name.
func synchronize(_ file: FileDescriptor, path: String) throws(FileError) {
  #if canImport(Darwin)
    if fcntl(file.number, F_FULLFSYNC) == 0 { return }
  #endif
  do throws(FileError) {
    try uninterrupted("synchronize", path) { fsync(file.number) }
  } catch {
    // Some file systems have no fsync for folders: nothing more can be done there.
    guard case .system(_, EINVAL) = error.reason else { throw error }
  }
}

/// Brings the names in a folder to the disk, after one was made or renamed there.
func synchronize(folder: String, path: String) throws(FileError) {
  try synchronize(FileDescriptor(path: folder, flags: O_RDONLY | O_DIRECTORY), path: path)
}

/// A name of its own in the folder of `path`, for what is not complete yet.
func temporaryPath(beside path: String) -> String {
  let random = String(UInt64.random(in: .min ... .max), radix: 16)
  return joinPath(parentFolder(of: path), ".swiftlet-\(random).tmp")
}

/// Whether a name is one of those, which a process that was killed leaves behind.
func isTemporary(_ name: String) -> Bool { name.hasPrefix(".swiftlet-") && name.hasSuffix(".tmp") }
