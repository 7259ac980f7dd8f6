// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder for the files of one input after another. TMPDIR can place it in memory.
package final class ScratchFolder {
  package let path: String
  /// What is in the folder now; a file that stays the same is not written again.
  private var contents: [String: [UInt8]] = [:]

  package init() {
    path = FileManager.default.temporaryDirectory.path + "/input"
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  /// Writes `bytes` to `name`; removes the file if `bytes` is nil.
  package func write(_ bytes: (some Collection<UInt8>)?, to name: String) {
    let new = bytes.map { Array($0) }
    guard contents[name] != new else { return }
    contents[name] = new
    let file = path(name)
    guard let new else {
      unlink(file)
      return
    }
    if name.contains("/") {
      let folder = (file as NSString).deletingLastPathComponent
      try! FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    precondition(descriptor >= 0 && Foundation.write(descriptor, new, new.count) == new.count, "cannot write \(file)")
    close(descriptor)
  }

  /// Puts a symbolic link to `target` at `name`.
  package func link(_ target: String, to name: String) {
    try! FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: target)
  }

  package func path(_ name: String) -> String { "\(path)/\(name)" }
}
