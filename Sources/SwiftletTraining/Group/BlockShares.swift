// SPDX-License-Identifier: Apache-2.0

/// Which process computes which blocks of a batch, each about as many tokens.
struct BlockShares {
  /// The blocks of each process, in order.
  private(set) var blocks: [[Int]]

  /// - Parameter tokenCounts: the tokens of each block.
  init(tokenCounts: [Int], processes: Int) {
    blocks = [[Int]](repeating: [], count: processes)
    // The largest first, each to the process that has least so far.
    var loads = [Int](repeating: 0, count: processes)
    for block in tokenCounts.indices.sorted(by: { (tokenCounts[$1], $0) < (tokenCounts[$0], $1) }) {
      let least = loads.indices.min { loads[$0] < loads[$1] } ?? 0
      loads[least] += tokenCounts[block]
      blocks[least].append(block)
    }
    for process in blocks.indices { blocks[process].sort() }
  }
}
