// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

extension ThreadPool {
  /// A digest of a file that threads can share: SHA-256 of the hexadecimal SHA-256 digests, one after the other, of its
  /// chunks of 1 MiB. 64 hexadecimal digits.
  package func digest(ofFile path: String) throws(FileError) -> String {
    let chunkSize = 1 << 20, file = try InputFile(path: path)
    let digests = map(count: (file.size + chunkSize - 1) / chunkSize) { index, worker in
      let start = index * chunkSize, count = min(chunkSize, file.size - start)
      let memory = VectorView(worker.workspace.buffer(count: chunkSize / MemoryLayout<Float>.stride))
      return Result { () throws(FileError) in
        var hash = SHA256()
        try memory.withMutableBytes { (bytes) throws(FileError) in
          var chunk = bytes._mutatingExtracting(0..<count)
          try file.read(at: start, into: &chunk)
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
