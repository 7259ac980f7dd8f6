// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
public import SwiftletTensors

/// The value of a loss and its gradients.
public struct LossEvaluation: Sendable {
  /// The loss.
  public let value: Float

  /// The statistics of the batch.
  public let statistics: BatchStatistics

  /// The gradient of the loss with respect to each input matrix, in the order and shapes of the inputs.
  public let gradients: [Tensor]

  /// - Parameters:
  ///   - inputs: the vectors.
  ///   - scale: a factor of the gradients, for example 1/N if N batches are accumulated.
  ///   - context: a context with a tape.
  ///   - parameterGradients: receives the gradients of parameters that the loss uses.
  ///   - loss: computes the loss of variables for the inputs, in order.
  package init(
    at inputs: [Tensor], scale: Float = 1, in context: Context, into parameterGradients: Gradients? = nil,
    _ loss: (_ vectors: [Variable]) -> LossValue
  ) {
    let variables = inputs.map(context.input)
    let result = loss(variables)
    value = result.value.values[0]
    statistics = result.statistics
    gradients = context.backward(
      from: result.value, Tensor([scale], shape: [1]), into: parameterGradients, at: variables)
  }

  /// Evaluates a loss on the shared threads of the process.
  fileprivate static func onSharedPool(
    at inputs: [Tensor], _ loss: @escaping ([Variable]) -> LossValue
  ) throws -> LossEvaluation {
    let kernels = try Kernels.selected()
    return ThreadPool.shared.withTeam {
      LossEvaluation(at: inputs, in: Context(kernels: kernels, worker: $0, tape: Tape()), loss)
    }
  }
}

extension Loss where Batch == LabeledBatch {
  /// Computes the loss of given vectors and its gradient, without an encoder.
  ///
  /// ```swift
  /// let vectors = Tensor([0, 0, 6, 8, 3, 4], shape: [3, 2])
  /// let evaluation = try BatchHardTripletLoss(margin: 1).evaluate(vectors, labels: [0, 0, 1])
  /// ```
  ///
  /// - Parameters:
  ///   - vectors: `[B, D]`
  ///   - labels: the label of each row.
  public func evaluate(_ vectors: Tensor, labels: [Int]) throws -> LossEvaluation {
    try .onSharedPool(at: [vectors]) { self(LabeledBatch(vectors: $0[0], labels: labels)) }
  }
}

extension Loss where Batch == TripletBatch {
  /// Computes the loss of given vectors and its gradients with respect to anchors, positives and negatives.
  ///
  /// - Parameters:
  ///   - anchors: `[N, D]`
  ///   - positives: `[N, D]`; row i belongs to anchor i.
  ///   - negatives: `[N K, D]`; rows K i to K (i + 1) - 1 belong to anchor i.
  public func evaluate(
    anchors: Tensor, positives: Tensor, negatives: Tensor
  ) throws -> LossEvaluation {
    try .onSharedPool(at: [anchors, positives, negatives]) {
      self(TripletBatch(anchors: $0[0], positives: $0[1], negatives: $0[2]))
    }
  }
}

extension Loss where Batch == PairBatch {
  /// Computes the loss of given vectors and its gradients with respect to the first and the second vectors of pairs.
  ///
  /// - Parameters:
  ///   - first: `[N, D]`
  ///   - second: `[N, D]`; row i forms a pair with row i of `first`.
  ///   - targets: the target of each pair: 1 for similar and 0 for not, or a score.
  public func evaluate(first: Tensor, second: Tensor, targets: [Float]) throws -> LossEvaluation {
    try .onSharedPool(at: [first, second]) { self(PairBatch(first: $0[0], second: $0[1], targets: targets)) }
  }
}

extension Loss where Batch == RankingBatch {
  /// Computes the loss of given vectors and its gradients with respect to anchors, positives and negatives.
  ///
  /// - Parameters:
  ///   - anchors: `[N, D]`
  ///   - positives: `[N, D]`; row i belongs to anchor i.
  ///   - negatives: `[M, D]`, in the order of their anchors; each is a negative of all anchors.
  ///   - classes: the classes of the anchors, then of the negatives; see ``RankingBatch/classes``.
  public func evaluate(
    anchors: Tensor, positives: Tensor, negatives: Tensor? = nil, classes: [Int]? = nil
  ) throws -> LossEvaluation {
    try .onSharedPool(at: [anchors, positives] + (negatives.map { [$0] } ?? [])) {
      self(
        RankingBatch(
          anchors: $0[0], positives: $0[1], negatives: $0.count > 2 ? $0[2] : nil, classes: classes))
    }
  }
}

extension Loss where Batch == ClassBatch {
  /// Computes the loss of given logits and its gradient.
  ///
  /// - Parameters:
  ///   - logits: `[B, C]`
  ///   - labels: the class of each row, from 0 to C - 1.
  public func evaluate(logits: Tensor, labels: [Int]) throws -> LossEvaluation {
    try .onSharedPool(at: [logits]) { self(ClassBatch(logits: $0[0], labels: labels)) }
  }
}
