// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder for one test, removed with its last reference.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    let name = "swiftlet-\(UUID().uuidString)"
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of `name` in the folder, with `bytes` written to it; folders on the way are made.
  @discardableResult
  package func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    let file = path(name)
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// The path of `name` in the folder, with `text` written to it.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    try write(text.utf8, to: name)
  }

  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// The names in the folder, or in one in it, hidden ones included.
  package func names(in folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(folder)).sorted()
  }
}
