// SPDX-License-Identifier: Apache-2.0

/// The ids of a text's pieces, collected in memory of the pass: appending to an array asks each time who else has it,
/// and most texts' pieces fit in a block.
struct PieceList {
  private var blocks: [Int32] = []
  private var blocksCount = 0
  private var pendingCount = 0
  private let pending: UnsafeMutablePointer<Int32>

  /// The number of pieces.
  @inline(__always)
  var count: Int { blocksCount &+ pendingCount }

  private static let blockCount = 128

  /// How many ids the memory has to hold if up to `burst` are appended between two calls of `makeRoom`.
  static func capacity(burst: Int) -> Int { blockCount + burst }

  init(memory: UnsafeMutableBufferPointer<Int32>) { pending = memory.baseAddress! }

  /// To be called now and then, but not amid a word.
  @inline(__always)
  mutating func makeRoom() {
    if pendingCount >= PieceList.blockCount { storeBlock() }
  }

  @inline(__always)
  mutating func append(_ id: Int32) {
    // SAFETY: behind a block there is room for a burst.
    pending[pendingCount] = id
    pendingCount &+= 1
  }

  /// Puts one piece in the place of those of the last word, which are the ones from `start` on.
  mutating func replaceWord(startingAt start: Int, with id: Int32) {
    pendingCount = start - blocksCount
    append(id)
  }

  private mutating func storeBlock() {
    blocks.append(contentsOf: UnsafeBufferPointer(start: pending, count: pendingCount))
    blocksCount = blocks.count
    pendingCount = 0
  }

  /// Appends the first pieces, at most `limit`, to `ids`.
  func append(to ids: inout [Int32], limit: Int) {
    if blocksCount > 0 { ids.append(contentsOf: blocks.prefix(limit)) }
    ids.append(contentsOf: UnsafeBufferPointer(start: pending, count: min(count, limit) - min(blocksCount, limit)))
  }
}
