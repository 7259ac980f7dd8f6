// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `folder/name`, without a doubled slash.
package func joinPath(_ folder: String, _ name: String) -> String {
  if folder.isEmpty { return name }
  return folder.utf8.last == UInt8(ascii: "/") ? folder + name : "\(folder)/\(name)"
}

/// The folder that holds `path`: everything before the last slash, `.` if there is none.
package func parentFolder(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Whether something lies at `path`, be it of any kind; a link that leads nowhere counts, and so does what cannot be
/// looked at: opening it says why.
package func exists(_ path: String) -> Bool {
  var status = stat()
  return !path.utf8.contains(0) && (lstat(path, &status) == 0 || errno != ENOENT && errno != ENOTDIR)
}
