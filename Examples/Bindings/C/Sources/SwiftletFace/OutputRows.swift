// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// Memory of the caller's for vectors, and for the flags of texts that were cut.
@safe
struct OutputRows {
  let count: Int
  private let format: OutputFormat
  private let dimension: Int

  // SAFETY: the caller vouches for `count` rows at `start`, which `size` confirms, and for `count` bytes at `truncated`.
  private let start: UnsafeMutableRawPointer?
  private let truncated: UnsafeMutablePointer<UInt8>?

  init(
    count: Int64, dimension: Int, format: OutputFormat, start: UnsafeMutableRawPointer?, size: Int64,
    truncated: UnsafeMutablePointer<UInt8>?
  ) throws(CallError) {
    guard count >= 0 else { throw .negative(count, name: "count") }
    guard size >= 0 else { throw .negative(size, name: "output_size") }
    let (needed, overflows) = Int(count).multipliedReportingOverflow(by: format.rowSize(dimension: dimension))
    guard !overflows, needed <= size else { throw .outputSize(size, needed: overflows ? nil : needed, count: count) }
    if unsafe start == nil && needed > 0 { throw .null("output") }
    self.count = Int(count)
    self.dimension = dimension
    self.format = format
    unsafe self.start = start
    unsafe self.truncated = truncated
  }

  /// Writes the vectors of some texts, the first of which is text `first`.
  func write(_ embeddings: Embeddings, from first: Int) {
    switch format {
    case .float32:
      embeddings.tensor.withSpan { span in
        unsafe span.withUnsafeBytes { unsafe copy($0, to: first * dimension * 4) }
      }
    case .int8:
      let codes = QuantizedEmbeddings(embeddings, as: .symmetric)
      unsafe codes.scales.withUnsafeBytes { unsafe copy($0, to: first * 4) }
      unsafe codes.bytes.withUnsafeBytes { unsafe copy($0, to: count * 4 + first * dimension) }
    case .bits:
      let codes = QuantizedEmbeddings(embeddings, as: .ubinary)
      unsafe codes.bytes.withUnsafeBytes { unsafe copy($0, to: first * codes.bytesPerVector) }
    }
    guard let truncated = unsafe truncated else { return }
    unsafe (truncated + first).update(repeating: 0, count: embeddings.count)
    for index in embeddings.truncated { unsafe truncated[first + index] = 1 }
  }

  private func copy(_ bytes: UnsafeRawBufferPointer, to offset: Int) {
    let size = count * format.rowSize(dimension: dimension)
    guard let start = unsafe start, bytes.count <= size, offset <= size - bytes.count else {
      preconditionFailure("\(bytes.count) bytes at \(offset) of \(size)")
    }
    unsafe UnsafeMutableRawBufferPointer(start: start + offset, count: bytes.count).copyMemory(from: bytes)
  }
}
