// SPDX-License-Identifier: Apache-2.0

/// Texts of the caller's, as Arrow keeps a `utf8` array: where each starts and ends, and all bytes. Read once, in order.
@safe
struct TextColumn {
  // SAFETY: the caller vouches for `count + 1` offsets and `dataSize` bytes. Each offset is read once and checked then, so
  // that it does not matter if another thread writes to it.
  private let offsets: UnsafeRawPointer?
  private let data: UnsafePointer<UInt8>?
  private let count: Int
  private let dataSize: Int

  /// The text that is next, and where it starts.
  private var index = 0
  private var start = 0

  /// - Parameters:
  ///   - count: the number of texts, not negative.
  ///   - offsets: not read if there is no text.
  init(count: Int, offsets: UnsafePointer<Int32>?, data: UnsafePointer<UInt8>?, dataSize: Int64) throws(CallError) {
    guard dataSize >= 0 else { throw .negative(dataSize, name: "data_size") }
    unsafe self.offsets = UnsafeRawPointer(offsets)
    unsafe self.data = data
    self.count = count
    self.dataSize = Int(dataSize)
    if count > 0 { start = try offset(0, after: nil) }
  }

  /// The next 4,096 texts, or as many as have 4 MB, one at least; none at the end. So what is made of them takes as much
  /// memory for many texts as for few.
  mutating func next() throws(CallError) -> [String] {
    var texts: [String] = [], byteCount = 0
    while index < count, texts.count < 4096, byteCount < 4 << 20 {
      let end = try offset(index + 1, after: start)
      texts.append(try text(start..<end))
      byteCount += end - start
      (index, start) = (index + 1, end)
    }
    return texts
  }

  /// An offset: no less than the one before it, and no more than there are bytes.
  private func offset(_ index: Int, after last: Int?) throws(CallError) -> Int {
    guard let offsets = unsafe offsets else { throw .null("offsets") }
    // The caller's memory need not be aligned.
    let offset = unsafe Int(offsets.loadUnaligned(fromByteOffset: index * MemoryLayout<Int32>.stride, as: Int32.self))
    guard offset >= last ?? 0, offset <= dataSize else {
      throw .offset(offset, index: index, last: last, dataSize: dataSize)
    }
    return offset
  }

  private func text(_ range: Range<Int>) throws(CallError) -> String {
    if range.isEmpty { return "" }
    guard let data = unsafe data else { throw .null("data") }
    let bytes = unsafe UnsafeBufferPointer(start: data + range.lowerBound, count: range.count)
    guard let text = unsafe String(validating: bytes, as: UTF8.self) else { throw .notUTF8(text: index) }
    return text
  }
}
