// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import Testing

struct SHA256Tests {
  /// The messages and digests that NIST publishes as examples for FIPS 180-4.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklm"
        + "ghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func agreesWithTheStandard(message: String, digest: String) {
    #expect(SHA256.hexDigest(Array(message.utf8)) == digest)
  }

  @Test func ofAMillionBytes() {
    let digest = SHA256.hexDigest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
    #expect(digest == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func isTheSameInPiecesOfAnySize() {
    for count in 0...200 {
      let bytes = (0..<count).map { UInt8($0) }
      let whole = SHA256.hexDigest(bytes)
      for size in [1, 7, 55, 56, 63, 64, 65, 128] {
        var hash = SHA256()
        for start in stride(from: 0, to: count, by: size) {
          hash.update(Array(bytes[start..<min(start + size, count)]))
        }
        #expect(hash.hexDigest() == whole, "\(count) bytes in pieces of \(size)")
      }
    }
  }
}
