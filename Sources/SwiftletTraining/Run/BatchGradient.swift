// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers

/// Computes the loss of a batch and its gradient in pieces, which bounds memory use.
///
/// A piece is some whole texts of one block, see ``GradientSum``. First all pieces are embedded without a tape. Then the
/// loss and its gradient are computed once, on all vectors. Then each piece is embedded again on a tape, in the order of
/// the batch, and its gradients are added. A batch that is no larger than a piece may be is embedded only once. Every piece
/// size gives the same bits.
///
/// Each process of a group embeds blocks of its own. Vectors are gathered. All compute the loss, or share its anchors, see
/// ``AnchorBlocks``.
///
/// Gao, Zhang, Han, Callan: Scaling deep contrastive learning batch size under memory limited setup, RepL4NLP 2021.
struct BatchGradient {
  let encoder: EncoderPipeline
  let weights: Weights
  let pieceSize: Int
  /// The random numbers of dropout.
  let dropout: Philox
  let batchNumber: Int

  /// Computes the loss of a batch and adds its gradients to `gradients`; nil if the vectors are not finite.
  ///
  /// - Parameters:
  ///   - share: the weight of the loss in the update.
  ///   - gradients: increased by the gradient of the loss times `share`.
  ///   - sum: where each block's gradients are moved to, if the update has several.
  ///   - group: shares the blocks if there is a sum.
  /// - Throws: the errors of the group.
  func add(
    _ tokens: TokenBatch, loss: (BatchVectors) -> LossValue, share: Float, to gradients: Gradients, _ sum: GradientSum?,
    _ group: any TrainingGroup, _ worker: Worker
  ) throws -> LossEvaluation? {
    let blocks = parts(of: 0..<tokens.sequenceCount, size: GradientSum.blockSize)
    let group = sum == nil ? SingleProcess() : group
    let shares = BlockShares(
      tokenCounts: blocks.map { tokens.sequenceStarts[$0.upperBound] - tokens.sequenceStarts[$0.lowerBound] },
      processes: group.count
    ).blocks
    let own = shares[group.rank].map { parts(of: blocks[$0], size: pieceSize) }
    let isWhole = tokens.sequenceCount <= pieceSize
    let passes = isWhole ? own.map { embed(tokens, $0[0], Tape(), worker) } : []
    let vectors: Tensor
    if group.count == 1 && isWhole && blocks.count == 1 {
      vectors = passes[0].vectors.tensor
    } else {
      vectors = Tensor(uninitialized: [tokens.sequenceCount, encoder.dimension], in: worker.workspace)
      for (index, piece) in own.joined().enumerated() {
        let part = isWhole ? passes[index] : embed(tokens, piece, nil, worker)
        vectors.matrix.rows(piece).copy(from: part.vectors.tensor.matrix)
      }
      try group.gather(shares.map { $0.map { blocks[$0] } }, of: vectors)
    }
    guard weights.kernels.nonFinite(in: vectors.vector).count == 0 else { return nil }

    let anchors = AnchorBlocks(group)
    // All processes would add the same gradients of the loss's own parameters.
    let evaluation = LossEvaluation(
      at: [vectors], scale: share, in: Context(weights: weights, worker: worker, tape: Tape()),
      into: group.isFirst ? gradients : nil
    ) { loss(BatchVectors($0[0], anchors)) }
    if let failure = anchors.failure { throw failure }
    for (block, pieces) in own.enumerated() {
      for piece in pieces {
        let (vectors, context) = isWhole ? passes[block] : embed(tokens, piece, Tape(), worker)
        let rows = piece.lowerBound * encoder.dimension..<piece.upperBound * encoder.dimension
        let part = Tensor(shape: vectors.tensor.shape, buffer: TensorBuffer(rows, of: evaluation.gradients[0].buffer))
        _ = context.backward(from: vectors, part, into: gradients)
      }
      sum?.move(kernels: weights.kernels, worker: worker)
    }
    if own.isEmpty { sum?.move(kernels: weights.kernels, worker: worker) }
    return evaluation
  }

  private func parts(of texts: Range<Int>, size: Int) -> [Range<Int>] {
    stride(from: texts.lowerBound, to: texts.upperBound, by: size).map { $0..<min($0 + size, texts.upperBound) }
  }

  private func embed(
    _ tokens: TokenBatch, _ piece: Range<Int>, _ tape: Tape?, _ worker: Worker
  ) -> (vectors: Variable, context: Context) {
    let masks = DropoutMasks(dropout, batch: batchNumber, firstText: piece.lowerBound)
    let context = Context(weights: weights, worker: worker, tape: tape, dropout: masks)
    return (encoder.vectors(tokens[piece], in: context), context)
  }
}
