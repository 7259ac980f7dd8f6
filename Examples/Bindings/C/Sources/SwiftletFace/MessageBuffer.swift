// SPDX-License-Identifier: Apache-2.0

/// Memory of the caller's for a text that ends with a NUL.
@safe
struct MessageBuffer {
  // SAFETY: the caller vouches for `size` bytes at `start`; no more are written.
  private let start: UnsafeMutablePointer<CChar>?
  private let size: Int

  init(start: UnsafeMutablePointer<CChar>?, size: Int64) {
    unsafe self.start = start
    self.size = Int(size)
  }

  /// Writes as much of a text as there is room for, whole Unicode scalars only.
  func write(_ text: String) {
    guard let start = unsafe start, size > 0 else { return }
    let utf8 = Array(text.utf8)
    var end = min(utf8.count, size - 1)
    while end < utf8.count && end > 0 && utf8[end] & 0xC0 == 0x80 { end -= 1 }
    for index in 0..<end { unsafe start[index] = CChar(bitPattern: utf8[index]) }
    unsafe start[end] = 0
  }
}
