// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Runs all stages at once for the common case: words of ASCII letters and digits between ASCII punctuation and white
/// space.
///
/// Reads sixteen bytes at a time. A word that is a token costs one look-up, and no byte is copied. Words beside
/// anything else and words of more than fifteen bytes are left to a `WordPiecePass`.
final class PlainReader: Sendable {
  private let model: WordPieceModel
  private let index: VocabularyIndex
  private let maximumWordScalarCount: Int
  /// The bits that make letters lowercase; digits have them already.
  private let caseBits: UInt128

  /// Ids are collected on the stack and appended in blocks, since an array checks at each append whether it is shared.
  private static let blockCount = 128

  init(_ model: WordPieceModel, _ normalization: Normalization) {
    self.model = model
    index = model.vocabulary.index
    maximumWordScalarCount = min(model.maximumWordScalarCount, ByteWindow.byteCount - 1)
    caseBits = normalization.lowercases ? ByteWindow(repeating: 0x20).bits : 0
  }

  /// Reads `text` from `start`, where no word may go on, and returns where it stopped: at `end`, after more than
  /// `limit` ids, or before a word or byte that it leaves to a `WordPiecePass`.
  func read(_ text: Span<UInt8>, from start: Int, to end: Int, limit: Int, into ids: inout [Int32]) -> Int {
    withTemporaryOutput(of: Int32.self, capacity: PlainReader.blockCount + ByteWindow.byteCount) { block in
      index.withTables { slots, keys, lengths in
        // The last bytes are read from a copy that ends in white space.
        let tailStart = max(start, end - ByteWindow.byteCount + 1)
        var position = read(
          text, from: start, to: tailStart, limit: limit, &block, into: &ids, slots, keys, lengths)
        if position >= tailStart, position < end {
          withTemporarySpan(repeating: UInt8(ascii: " "), count: 2 * ByteWindow.byteCount) { tail in
            tail.store(PlainReader.tail(of: text, from: position, to: end).bits.littleEndian, at: 0)
            let count = end - position
            position += read(
              tail.span, from: 0, to: count, limit: limit, &block, into: &ids, slots, keys, lengths)
          }
        }
        ids.append(contentsOf: block.span)
        return min(position, end)
      }
    }
  }

  /// The bytes from `start` to `end`, at most fifteen, followed by white space.
  @inline(__always)
  private static func tail(of text: Span<UInt8>, from start: Int, to end: Int) -> ByteWindow {
    let count = end - start
    var bits: UInt128 = 0
    if end >= ByteWindow.byteCount {
      let window = ByteWindow(text, at: end - ByteWindow.byteCount)
      bits = window.bits &>> UInt128(truncatingIfNeeded: 8 * (ByteWindow.byteCount - count))
    } else {
      for position in (start..<end).reversed() { bits = bits &<< 8 | UInt128(text[position]) }
    }
    return ByteWindow(bits: bits | ByteWindow(repeating: UInt8(ascii: " ")).bits &<< UInt128(8 * count))
  }

  /// Does the same; a window must be readable at each position before `end`.
  @inline(__always)
  private func read(
    _ text: Span<UInt8>, from start: Int, to end: Int, limit: Int, _ block: inout OutputSpan<Int32>,
    into ids: inout [Int32], _ slots: Span<UInt32>, _ keys: Span<ByteWindow>, _ lengths: Span<UInt32>
  ) -> Int {
    var position = start
    while position < end, ids.count &+ block.count <= limit {
      if block.count >= PlainReader.blockCount { append(&block, to: &ids) }
      let window = ByteWindow(text, at: position)
      let length = window.alphanumericCount
      guard length <= maximumWordScalarCount else { break }
      let next = text[position &+ length]
      let isSpace = next == UInt8(ascii: " ")
      guard isSpace || isPlainBoundary(next) else { break }
      if length > 0 {
        let key = ByteWindow(bits: window.bits | caseBits).prefix(length)
        if let id = VocabularyIndex.id(of: key, slots, keys) {
          block.append(id)
        } else {
          appendPieces(of: key, count: length, to: &block, slots, keys, lengths)
        }
        position &+= length &+ (isSpace ? 1 : 0)
      } else {
        if next > UInt8(ascii: " ") {
          block.append(VocabularyIndex.id(of: ByteWindow(bits: UInt128(next)), slots, keys) ?? model.unknownID)
        }
        position &+= 1
      }
    }
    return position
  }

  @inline(never)
  private func append(_ block: inout OutputSpan<Int32>, to ids: inout [Int32]) {
    ids.append(contentsOf: block.span)
    block.removeAll()
  }

  /// Whether a byte, not a letter or digit, is ASCII punctuation or white space under every normalization.
  @inline(__always)
  private func isPlainBoundary(_ byte: UInt8) -> Bool {
    0x20..<0x7F ~= byte || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  /// Appends the pieces of a word that is not a token itself.
  @inline(never)
  private func appendPieces(
    of key: ByteWindow, count: Int, to block: inout OutputSpan<Int32>, _ slots: Span<UInt32>,
    _ keys: Span<ByteWindow>, _ lengths: Span<UInt32>
  ) {
    withTemporarySpan(repeating: UInt8(0), count: model.memoryCount(wordBytes: ByteWindow.byteCount)) { word in
      word.store(key.bits.littleEndian, at: model.prefix.count)
      let first = block.count
      let isKnown = model.forEachPiece(of: &word, count: count, slots, keys, lengths) { id, _ in block.append(id) }
      if !isKnown {
        block.removeLast(block.count - first)
        block.append(model.unknownID)
      }
    }
  }
}
