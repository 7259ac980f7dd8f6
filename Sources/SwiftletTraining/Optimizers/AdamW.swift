// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletTensors

/// The optimizer AdamW, as in torch.optim.AdamW: decoupled weight decay, and moments corrected for their start at zero.
///
/// With the gradient g after clipping, and the learning rate r and weight decay d of its parameter, step t, from 1, is
///
///     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
///     w = (1 - r d) w - r m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
///
/// Rows of an embedding table that have not been in any batch only decay, all by the same factor. The other rows are
/// updated in every step, with a gradient of 0 if the batch does not contain them.
///
/// Each number depends only on its own past, so the work can be split among threads in any way.
package final class AdamW {
  /// The number of elements that a thread updates at a time.
  static let grain = 16384

  package let settings: AdamWSettings

  /// The rates by parameter index; nil for frozen parameters.
  package let rates: [ParameterRates?]

  /// m of the dense parameters, in the layout's order. An embedding table stores the moments of its rows.
  package let firstMoments: TensorBuffer
  /// v of the dense parameters.
  package let secondMoments: TensorBuffer

  /// t: the number of steps done.
  package private(set) var stepCount = 0
  private var beta1Power = 1.0
  private var beta2Power = 1.0

  /// - Parameter stepCount: the number of steps done before, when a run is resumed. The caller restores the moments.
  /// - Throws: ``ParameterPatternError`` if a pattern in `settings` matches no parameter, or if all are frozen.
  package init(
    _ settings: AdamWSettings, for layout: ParameterLayout, stepCount: Int = 0
  ) throws(ParameterPatternError) {
    self.settings = settings
    rates = try settings.rates(of: layout.list.parameters)
    firstMoments = TensorBuffer(count: layout.count)
    secondMoments = TensorBuffer(count: layout.count)
    for moments in [firstMoments, secondMoments] { VectorView(moments).fill(0) }
    for _ in 0..<stepCount { countStep() }
  }

  /// The indices of frozen parameters.
  package var frozen: Set<Int> { Set(rates.indices.filter { rates[$0] == nil }) }

  private func countStep() {
    stepCount += 1
    beta1Power *= settings.beta1
    beta2Power *= settings.beta2
  }

  /// Updates all weights that are not frozen.
  ///
  /// - Parameters:
  ///   - gradients: the gradients of all parameters that are not frozen. They are not changed.
  ///   - norm: the norm of the gradients, finite.
  ///   - rateFactor: the schedule's factor for this step.
  package func step(
    _ weights: TrainableWeights, _ gradients: Gradients, norm: Double, rateFactor: Double, worker: Worker
  ) {
    precondition(norm.isFinite, "a step along gradients of length \(norm)")
    precondition(gradients.frozen == frozen, "gradients of other parameters than those that are stepped")
    countStep()
    let gradientFactor = settings.gradientNormLimit.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    var pieces: [Piece] = []
    for (parameter, rates) in zip(weights.layout.list.parameters, rates) {
      guard let rates else { continue }
      let rate = rates.learningRate * rateFactor
      let factors = factors(rate: rate, decay: rates.weightDecay, gradientFactor: gradientFactor)
      if let table = weights.tables[parameter.index], let rows = gradients.table(parameter) {
        table.touch(rows.rows, kernels: weights.kernels)
        table.decay(by: 1 - rate * rates.weightDecay)
        pieces += tablePieces(table, rows, factors)
      } else {
        pieces += densePieces(weights.layout[parameter], weights, gradients, factors)
      }
    }
    worker.forEach(pieces.count) { index in pieces[index].step(weights.kernels) }
  }

  private func factors(rate: Double, decay: Double, gradientFactor: Double) -> AdamWFactors {
    AdamWFactors(
      gradientFactor: Float(gradientFactor), weightFactor: Float(1 - rate * decay),
      firstShare: Float(1 - settings.beta1), secondKeep: Float(settings.beta2),
      secondShare: Float(1 - settings.beta2), rootCorrection: Float((1 - beta2Power).squareRoot()),
      epsilon: Float(settings.epsilon), stepSize: Float(rate / (1 - beta1Power)))
  }

  /// A range of numbers that one thread updates.
  private struct Piece {
    let factors: AdamWFactors
    /// The gradients; nil for zeros.
    let gradients: VectorView?
    let weights: VectorView
    let firstMoments: VectorView
    let secondMoments: VectorView

    func step(_ kernels: Kernels) {
      kernels.adamw(factors, gradient: gradients, weights: weights, first: firstMoments, second: secondMoments)
    }
  }

  private func densePieces(
    _ range: Range<Int>, _ weights: TrainableWeights, _ gradients: Gradients, _ factors: AdamWFactors
  ) -> [Piece] {
    stride(from: range.lowerBound, to: range.upperBound, by: AdamW.grain).map { start in
      let part = start..<min(start + AdamW.grain, range.upperBound)
      return Piece(
        factors: factors, gradients: gradients.slice(part), weights: weights.vector[part],
        firstMoments: VectorView(firstMoments, part), secondMoments: VectorView(secondMoments, part))
    }
  }

  /// One range for each touched row.
  private func tablePieces(_ table: EmbeddingTable, _ rows: RowGradients, _ factors: AdamWFactors) -> [Piece] {
    var gradients = [VectorView?](repeating: nil, count: table.touchedRows.count)
    let rowGradients = rows.values
    for (place, row) in rows.rows.enumerated() {
      if let slot = table.slot(of: row) { gradients[slot] = rowGradients.row(place) }
    }
    let values = table.values, firstMoments = table.firstMoments, secondMoments = table.secondMoments
    return gradients.enumerated().map { slot, gradient in
      Piece(
        factors: factors, gradients: gradient, weights: values.row(slot), firstMoments: firstMoments.row(slot),
        secondMoments: secondMoments.row(slot))
    }
  }
}
