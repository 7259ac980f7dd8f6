// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The manifest of a checkpoint, `manifest.json`: the size and SHA-256 of each file. It is written last.
enum CheckpointManifest {
  private static let fileName = "manifest.json"
  private static let version = 1
  private static let maximumByteCount = 1 << 20

  /// Writes the manifest of all files in `folder`.
  static func write(step: Int, folder: String) throws {
    var files = JSONObject()
    for name in try Folder(folder).names() {
      let file = try InputFile(path: joinPath(folder, name))
      files[name] = .object([
        "bytes": .number(JSONNumber(file.size)), "sha256": .string(try file.digest()),
      ])
    }
    let manifest: JSONObject = [
      "format": .number(JSONNumber(version)), "step": .number(JSONNumber(step)), "files": .object(files),
    ]
    try JSONValue.object(manifest).write(to: joinPath(folder, fileName))
  }

  /// Checks each file of `folder` against the manifest.
  ///
  /// - Throws: ``CheckpointDamage`` if a file is missing or has changed; `FileError` if the system does not allow
  ///   reading it, which does not mean damage.
  static func verify(step: Int, folder: String) throws {
    let path = joinPath(folder, fileName)
    func invalid(_ problem: String) -> CheckpointDamage { .invalidManifest(path: path, problem: problem) }
    guard let manifest = try readable({ try JSONParser.parse(path: path, limit: maximumByteCount) }).object else {
      throw invalid("is not an object")
    }
    guard manifest["format"]?.int == version else { throw invalid("has no format that is known here") }
    guard manifest["step"]?.int == step else { throw invalid("is that of another step") }
    guard let files = manifest["files"]?.object else { throw invalid("has no files") }
    for (name, entry) in files.members.map({ ($0.key, $0.value.object) }) {
      guard let size = entry?["bytes"]?.int, let digest = entry?["sha256"]?.string,
        !name.utf8.contains(UInt8(ascii: "/"))
      else { throw invalid("has a wrong entry for \(quoted(name))") }
      let path = joinPath(folder, name)
      let file = try readable { try InputFile(path: path) }
      guard file.size == size else { throw CheckpointDamage.wrongSize(path: path, found: file.size, written: size) }
      guard try readable({ try file.digest() }) == digest else { throw CheckpointDamage.wrongDigest(path: path) }
    }
  }

  /// Returns the result of `read`. An error that means a damaged file is thrown as ``CheckpointDamage``.
  static func readable<Result>(_ read: () throws -> Result) throws -> Result {
    do {
      return try read()
    } catch let error as FileError {
      throw CheckpointDamage(error) ?? error
    } catch let error as JSONError {
      throw CheckpointDamage.invalidJSON(error)
    }
  }
}

extension InputFile {
  /// Computes the SHA-256 of the whole file.
  fileprivate func digest() throws(FileError) -> String {
    var hash = SHA256()
    let pieceSize = 1 << 20
    for start in stride(from: 0, to: size, by: pieceSize) {
      let piece = try read(at: start, count: min(pieceSize, size - start))
      piece.withRawSpan { hash.update($0) }
    }
    try checkUnchanged()
    return hash.hexDigest()
  }
}
