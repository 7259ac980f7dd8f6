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

/// Whether something lies at `path`: a file of any kind, or a link, even one that leads nowhere. What cannot be looked at
/// counts too: opening it says why.
package func exists(_ path: String) -> Bool { !System.isAbsent(path) }

/// A name of its own in the folder of `path`, for what is not complete yet.
func temporaryPath(beside path: String) -> String {
  let random = String(UInt64.random(in: .min ... .max), radix: 16)
  return joinPath(parentFolder(of: path), ".swiftlet-\(random).tmp")
}

/// Whether a name is one that ``temporaryPath(beside:)`` makes; a process that was killed leaves such files behind.
func isTemporary(_ name: String) -> Bool { name.hasPrefix(".swiftlet-") && name.hasSuffix(".tmp") }
