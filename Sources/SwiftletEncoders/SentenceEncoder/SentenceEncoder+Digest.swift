// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

extension SentenceEncoder {
  /// A digest of the model folder's files: folders with the same have the same model. Made of SHA-256 digests, 64
  /// hexadecimal digits.
  ///
  /// It covers the names and contents of the configuration, vocabulary and weights files, in the folder and its modules'.
  /// The first call reads the files, in parallel; an encoder does not change, nor does its digest.
  ///
  /// - Throws: A ``SwiftletError`` if a file cannot be read, or if the encoder was trained and not loaded from a folder.
  public func modelDigest() throws -> String {
    guard let folder else { throw EncoderSettingsError.notOfAFolder }
    if let digest = model.digest.withLock({ $0 }) { return digest }
    var hash = SHA256()
    for name in try ModelFiles.names(in: folder) {
      let digest = try pool.digest(ofFile: joinPath(folder, name))
      hash.update(Array("\(name)\n\(digest)\n".utf8))
    }
    let digest = hash.hexDigest()
    model.digest.withLock { $0 = digest }
    return digest
  }
}

private enum ModelFiles {
  private static let endings = [".json", "vocab.txt", ".model", ".safetensors"]

  /// The files of a model folder and of its modules' folders, ordered by their names. What else lies in it, an index for
  /// example, is not the model's.
  static func names(in folder: String) throws -> [String] {
    let folders = Set(try ModuleList(folder: folder, of: .sentenceEncoder)?.names ?? []).union([""])
    let names = try folders.flatMap { inner in
      try Folder(joinPath(folder, inner)).completeNames()
        .filter { name in endings.contains { name.hasSuffix($0) } }
        .map { inner.isEmpty ? $0 : joinPath(inner, $0) }
    }
    return names.map(UTF8Key.init).sorted().map(\.string)
  }
}
