// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

extension SentenceEncoder {
  /// A digest of the model folder's files: folders with the same have the same model. Made of SHA-256 digests, 64
  /// hexadecimal digits.
  ///
  /// It covers the names and contents of the configuration, vocabulary and weights files, in the folder and those in it.
  /// The files are read each time, in parallel.
  ///
  /// - Throws: A ``SwiftletError`` if a file cannot be read, or if the encoder was trained and not loaded from a folder.
  public func modelDigest() throws -> String {
    guard let folder else { throw EncoderSettingsError.notOfAFolder }
    var hash = SHA256()
    for name in try FolderDigest.fileNames(in: folder) {
      let digest = try FolderDigest.digest(ofFile: joinPath(folder, name), on: pool)
      hash.update(Array("\(name)\n\(digest)\n".utf8))
    }
    return hash.hexDigest()
  }
}

private enum FolderDigest {
  private static let endings = [".json", ".txt", ".model", ".safetensors"]
  private static let pieceSize = 1 << 20

  /// The files of a model folder and of the folders in it, ordered by their names.
  static func fileNames(in folder: String) throws -> [String] {
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

  /// The digest of the digests of a file's pieces, so that threads share the work.
  static func digest(ofFile path: String, on pool: ThreadPool) throws -> String {
    let file = try InputFile(path: path), count = (file.size + pieceSize - 1) / pieceSize
    let results = Monitor([Result<String, FileError>?](repeating: nil, count: count))
    pool.run(count: count) { index, _ in
      let start = index * pieceSize
      let result = Result { () throws(FileError) in
        var hash = SHA256()
        try file.read(at: start, count: min(pieceSize, file.size - start)).withRawSpan { hash.update($0) }
        return hash.hexDigest()
      }
      results.withLock { $0[index] = result }
    }
    try file.checkUnchanged()
    var hash = SHA256()
    for result in results.withLock({ $0 }) { hash.update(Array(try result!.get().utf8)) }
    return hash.hexDigest()
  }
}
