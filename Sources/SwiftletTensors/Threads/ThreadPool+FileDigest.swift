// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

extension ThreadPool {
  /// The SHA-256 digest of the SHA-256 digests of a file's pieces of 1 MiB, so that threads share the work: 64 hexadecimal
  /// digits.
  package func digest(ofFile path: String) throws(FileError) -> String {
    let pieceSize = 1 << 20, file = try InputFile(path: path)
    let digests = map(count: (file.size + pieceSize - 1) / pieceSize) { index, worker in
      let start = index * pieceSize, count = min(pieceSize, file.size - start)
      let memory = VectorView(worker.workspace.buffer(count: pieceSize / MemoryLayout<Float>.stride))
      return Result { () throws(FileError) in
        var hash = SHA256()
        try memory.withMutableBytes { (bytes) throws(FileError) in
          var piece = bytes._mutatingExtracting(0..<count)
          try file.read(at: start, into: &piece)
        }
        memory.withBytes { hash.update($0.extracting(0..<count)) }
        return hash.hexDigest()
      }
    }
    try file.checkUnchanged()
    var hash = SHA256()
    for digest in digests { hash.update(Array(try digest.get().utf8)) }
    return hash.hexDigest()
  }
}
