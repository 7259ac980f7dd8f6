// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

extension SentenceEncoder {
  /// A digest of the model folder's files: folders with the same have the same model. Made of SHA-256 digests, 64
  /// hexadecimal digits.
  ///
  /// It covers the names and contents of the configuration, vocabulary and weights files, in the folder and those in it.
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
  private static let endings = [".json", ".txt", ".model", ".safetensors"]

  /// The files of a model folder and of the folders in it, ordered by their names.
  static func names(in folder: String) throws -> [String] {
    var names: [String] = []
    for name in try Folder(folder).completeNames() {
      if endings.contains(where: name.hasSuffix) {
        names.append(name)
      } else if !name.hasPrefix("."), Folder(joinPath(folder, name)).isThere {
        let inner = try Folder(joinPath(folder, name)).completeNames()
        names += inner.filter { name in endings.contains { name.hasSuffix($0) } }.map { "\(name)/\($0)" }
      }
    }
    return names
  }
}
