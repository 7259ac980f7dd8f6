// SPDX-License-Identifier: Apache-2.0

extension TokenBatch {
  /// The sequences of all batches, one after the other.
  package init(joining batches: [TokenBatch]) {
    self.init()
    reserveCapacity(batches.reduce(0) { $0 + $1.ids.count })
    for batch in batches {
      let start = ids.count
      ids += batch.ids
      typeIDs += batch.typeIDs
      sequenceStarts += batch.sequenceStarts.dropFirst().map { start + $0 }
      truncated += batch.truncated
    }
  }

  /// The sequences of a range as a batch of their own.
  package subscript(sequences: Range<Int>) -> TokenBatch {
    var piece = TokenBatch()
    let start = sequenceStarts[sequences.lowerBound], end = sequenceStarts[sequences.upperBound]
    piece.ids = Array(ids[start..<end])
    piece.typeIDs = Array(typeIDs[start..<end])
    piece.sequenceStarts = sequenceStarts[sequences.lowerBound...sequences.upperBound].map { $0 - start }
    piece.truncated = Array(truncated[sequences])
    return piece
  }
}
