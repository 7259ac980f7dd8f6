// SPDX-License-Identifier: Apache-2.0

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

/// Whether a file of any kind, or a link, is at `path`. True as well if this cannot be determined; opening the file
/// then gives the error.
package func exists(_ path: String) -> Bool { !System.isAbsent(path) }

/// A unique name in the folder of `path`, for a file that is not complete yet.
func temporaryPath(beside path: String) -> String {
  let random = String(UInt64.random(in: .min ... .max), radix: 16)
  return joinPath(parentFolder(of: path), ".swiftlet-\(random).tmp")
}

/// Whether `name` has the form that ``temporaryPath(beside:)`` gives. Killed processes leave such files behind.
func isTemporary(_ name: String) -> Bool { name.hasPrefix(".swiftlet-") && name.hasSuffix(".tmp") }
