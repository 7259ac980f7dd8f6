// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers

/// Computes the loss of a batch and its gradient in pieces, which bounds memory use.
///
/// A piece is some whole texts of the batch. First all pieces are embedded without a tape. Then the loss and its
/// gradient are computed once, on all vectors. Then each piece is embedded again on a tape, in the order of the batch,
/// and its gradients are added. A batch of one piece is embedded only once. Every piece size gives the same bits.
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
  func add(
    _ tokens: TokenBatch, loss: (Variable) -> LossValue, share: Float, to gradients: Gradients,
    _ worker: Worker
  ) -> LossEvaluation? {
    let pieces = stride(from: 0, to: tokens.sequenceCount, by: pieceSize).map {
      $0..<min($0 + pieceSize, tokens.sequenceCount)
    }
    let only = pieces.count == 1 ? embed(tokens, pieces[0], Tape(), worker) : nil
    let vectors = only?.vectors.tensor ?? allVectors(tokens, pieces, worker)
    guard weights.kernels.nonFinite(in: vectors.vector).count == 0 else { return nil }

    let evaluation = LossEvaluation(
      at: [vectors], scale: share, in: Context(weights: weights, worker: worker, tape: Tape()), into: gradients
    ) { loss($0[0]) }
    for piece in pieces {
      let (vectors, context) = only ?? embed(tokens, piece, Tape(), worker)
      let rows = piece.lowerBound * encoder.dimension..<piece.upperBound * encoder.dimension
      let part = Tensor(shape: vectors.tensor.shape, buffer: TensorBuffer(rows, of: evaluation.gradients[0].buffer))
      _ = context.backward(from: vectors, part, into: gradients)
    }
    return evaluation
  }

  private func embed(
    _ tokens: TokenBatch, _ piece: Range<Int>, _ tape: Tape?, _ worker: Worker
  ) -> (vectors: Variable, context: Context) {
    let masks = DropoutMasks(dropout, batch: batchNumber, firstText: piece.lowerBound)
    let context = Context(weights: weights, worker: worker, tape: tape, dropout: masks)
    return (encoder.vectors(tokens[piece], in: context), context)
  }

  private func allVectors(_ tokens: TokenBatch, _ pieces: [Range<Int>], _ worker: Worker) -> Tensor {
    let all = Tensor(uninitialized: [tokens.sequenceCount, encoder.dimension], in: worker.workspace)
    for piece in pieces {
      all.matrix.rows(piece).copy(from: embed(tokens, piece, nil, worker).vectors.tensor.matrix)
    }
    return all
  }
}
