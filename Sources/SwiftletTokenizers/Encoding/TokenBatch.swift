// SPDX-License-Identifier: Apache-2.0

/// The token ids of many texts, one after another without padding.
///
/// Sequence i is `ids[sequenceStarts[i]..<sequenceStarts[i + 1]]`. T tokens and B sequences are T ids, T type
/// ids, B + 1 starts, B flags and B counts.
public struct TokenBatch: Sendable, Equatable {
  /// The token ids of all sequences, [T].
  public internal(set) var ids: [Int32] = []
  /// Which text of a pair each token belongs to, 0 or 1, [T].
  public internal(set) var typeIDs: [Int32] = []
  /// Where each sequence starts, and last the number of tokens, [B + 1].
  public internal(set) var sequenceStarts: [Int] = [0]
  /// Whether each sequence was cut to the maximum length, [B].
  public internal(set) var truncated: [Bool] = []
  /// The counts of ``skippedTokens`` up to the last that is not zero; most batches have none.
  private var skips: [Int] = []

  /// A batch without sequences.
  public init() {}

  /// The number of sequences.
  public var sequenceCount: Int { truncated.count }

  /// How many leading tokens of each sequence belong to a prompt that pooling leaves out, [B].
  public var skippedTokens: [Int] { skips + repeatElement(0, count: sequenceCount - skips.count) }

  /// The element of ``skippedTokens`` of a sequence.
  package func skippedTokens(of index: Int) -> Int { index < skips.count ? skips[index] : 0 }

  /// The places of the tokens of a sequence in ``ids``.
  public func tokenRange(of index: Int) -> Range<Int> { sequenceStarts[index]..<sequenceStarts[index + 1] }

  /// Appends a sequence of ids.
  ///
  /// - Parameters:
  ///   - newIDs: the ids of the tokens, special ones included.
  ///   - newTypes: the type of each token, which says to which text of a pair it belongs; nil: all are of type 0.
  ///   - skipped: how many of its first tokens pooling leaves out.
  public mutating func append(
    ids newIDs: some Collection<Int32>, typeIDs newTypes: [Int32]? = nil, skippedTokens skipped: Int = 0
  ) {
    precondition(newTypes == nil || newTypes?.count == newIDs.count, "as many type ids as ids")
    precondition(skipped >= 0, "\(skipped) tokens to leave out")
    ids.append(contentsOf: newIDs)
    if let newTypes { typeIDs.append(contentsOf: newTypes) }
    endSequence(isTruncated: false)
    skipTokensOfLastSequence(skipped)
  }

  /// Appends a sequence of another batch.
  package mutating func append(_ sequence: Int, of batch: TokenBatch) {
    let range = batch.tokenRange(of: sequence)
    ids += batch.ids[range]
    typeIDs += batch.typeIDs[range]
    endSequence(isTruncated: batch.truncated[sequence])
    skipTokensOfLastSequence(batch.skippedTokens(of: sequence))
  }

  /// Lets pooling leave out the first tokens of the last sequence, which leaves out none so far.
  package mutating func skipTokensOfLastSequence(_ count: Int) {
    guard count > 0 else { return }
    skips += repeatElement(0, count: sequenceCount - 1 - skips.count)
    skips.append(count)
  }

  /// Makes the tokens appended since the last sequence one sequence.
  mutating func endSequence(isTruncated: Bool) {
    if typeIDs.count < ids.count {
      typeIDs.append(contentsOf: repeatElement(0, count: ids.count - typeIDs.count))
    }
    sequenceStarts.append(ids.count)
    truncated.append(isTruncated)
  }

  /// Makes room for `tokens` more tokens.
  package mutating func reserveCapacity(_ tokens: Int) {
    ids.reserveCapacity(ids.count + tokens)
    typeIDs.reserveCapacity(typeIDs.count + tokens)
  }

  /// Removes all sequences, keeping the memory.
  package mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    typeIDs.removeAll(keepingCapacity: true)
    sequenceStarts.removeLast(truncated.count)
    truncated.removeAll(keepingCapacity: true)
    skips.removeAll(keepingCapacity: true)
  }
}

extension TokenBatch {
  /// The sequences of all batches, one after the other.
  package init(joining batches: [TokenBatch]) {
    self.init()
    reserveCapacity(batches.reduce(0) { $0 + $1.ids.count })
    for batch in batches {
      let start = ids.count
      if !batch.skips.isEmpty { skips += repeatElement(0, count: sequenceCount - skips.count) + batch.skips }
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
    piece.skips = Array(skips[sequences.clamped(to: skips.indices)])
    // No zeros at the end, so that equal batches are equal.
    while piece.skips.last == 0 { piece.skips.removeLast() }
    return piece
  }
}
