// SPDX-License-Identifier: Apache-2.0

import Foundation
package import SwiftletFiles

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

extension TemporaryFolder {
  /// Writes the files of a golden of model folders, in which "@VOCABULARY@" stands for the vocabulary.
  package func write(files: JSONObject, vocabulary: [String]) throws {
    let lines = vocabulary.map { $0 + "\n" }.joined()
    let ids = JSONValue.object(
      vocabulary.enumerated().reduce(into: JSONObject()) { $0[$1.element] = .number(JSONNumber($1.offset)) })
    var json: [UInt8] = []
    JSONWriter.append(ids, to: &json)
    for member in files.members {
      let text = member.value.string ?? ""
      let isList = member.key == "vocab.txt"
      let vocabulary = isList ? lines : String(decoding: json, as: UTF8.self)
      try write(text.replacing(isList ? "@VOCABULARY@" : "\"@VOCABULARY@\"", with: vocabulary), to: member.key)
    }
  }
}
