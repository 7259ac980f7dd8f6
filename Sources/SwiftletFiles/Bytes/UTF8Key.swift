// SPDX-License-Identifier: Apache-2.0

/// A string that is compared by its UTF-8 bytes.
///
/// `String` itself compares by canonical equivalence: "é" as one scalar equals "é" as two. Names of tensors, keys of
/// objects and words of a vocabulary are different if their bytes are.
package struct UTF8Key: Hashable, Comparable, Sendable {
  package let string: String

  package init(_ string: String) { self.string = string }

  package static func == (left: UTF8Key, right: UTF8Key) -> Bool {
    sameBytes(left.string, right.string)
  }

  package static func < (left: UTF8Key, right: UTF8Key) -> Bool {
    left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    // Ends with a byte that no UTF-8 holds, as the hash of a string does.
    withUTF8(of: string) { utf8 in
      for index in utf8.indices { hasher.combine(utf8[index]) }
    }
    hasher.combine(UInt8.max)
  }
}

/// Whether two strings have the same UTF-8 bytes.
package func sameBytes(_ left: String, _ right: String) -> Bool {
  left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
}
