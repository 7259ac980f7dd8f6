// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletTensors

/// The optimizer AdamW, as torch.optim.AdamW steps: decoupled weight decay, moments corrected for their start at zero.
///
/// With the gradient g, cut to the limit of the norm, and the rate r and decay d of its parameter, step t, from 1, is
///
///     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
///     w = (1 - r d) w - r m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
///
/// The rows of an embedding table that no step had in its batch yet only decay, all by one factor; the others are
/// stepped each time, with a gradient of 0 where the batch does not contain them.
///
/// Each number is a function of its own past alone, so threads share the work as they like.
package final class AdamW {
  /// How many numbers a thread takes at a time.
  static let grain = 16384

  package let settings: AdamWSettings

  /// By parameter index; nil where it is frozen.
  package let rates: [ParameterRates?]

  /// m of the dense parameters, in the layout's order; an embedding table holds those of its rows.
  package let firstMoments: TensorBuffer
  /// v, likewise.
  package let secondMoments: TensorBuffer

  /// t: the steps that were taken.
  package private(set) var stepCount = 0
  private var beta1Power = 1.0
  private var beta2Power = 1.0

  /// - Parameter stepCount: how many steps were taken before, of which the moments are to be restored.
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

  /// The indices of the parameters that stay as they are.
  package var frozen: Set<Int> { Set(rates.indices.filter { rates[$0] == nil }) }

  private func countStep() {
    stepCount += 1
    beta1Power *= settings.beta1
    beta2Power *= settings.beta2
  }

  /// Steps all weights but the frozen.
  ///
  /// - Parameters:
  ///   - gradients: of all parameters that are not frozen; they stay as they are.
  ///   - norm: their length, finite.
  ///   - rateFactor: the schedule's factor of this step.
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

  /// Numbers that one thread steps.
  private struct Piece {
    let factors: AdamWFactors
    /// nil: all zeros.
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

  /// A piece a touched row.
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
