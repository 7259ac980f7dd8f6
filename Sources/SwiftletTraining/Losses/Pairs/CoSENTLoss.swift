// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss for pairs with a score y on any scale and the cosine c: log(1 + Σ exp(s (c_i - c_j))) over all i, j with y_i
/// < y_j.
///
/// It is small if the cosines have the order of the scores. Pairs with equal scores are not compared; if all scores are
/// equal, the loss is 0. Takes O(N²) time and memory.
///
/// Su: CoSENT, https://kexue.fm/archives/8847, 2022.
public struct CoSENTLoss: NamedLoss {
  /// s: the factor of differences of cosines. The larger it is, the more cosines in the wrong order count.
  public let scale: Float

  /// The loss.
  public init(scale: Float = 20) { self.scale = scale }

  /// Computes the loss of a batch.
  public func callAsFunction(_ pairs: PairBatch) -> LossValue {
    LossValue(pairs.orderLoss(of: pairs.first.cosines(to: pairs.second), scale: scale))
  }

  // MARK: Named loss

  /// `cosent`
  public static let name = "cosent"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.scale], of: Self.self)
    self.init(scale: parameters.scale ?? 20)
  }
}

extension PairBatch {
  /// log(1 + Σ exp(s (c_i - c_j))) over all i, j with y_i < y_j.
  ///
  /// - Parameter c: `[N]`
  func orderLoss(of c: Variable, scale s: Float) -> Variable {
    var lower: [Int] = [], higher: [Int] = []
    for i in targets.indices {
      for j in targets.indices where targets[i] < targets[j] {
        lower.append(i)
        higher.append(j)
      }
    }
    let excess = c.elements(lower) - c.elements(higher)
    guard !lower.isEmpty else { return excess.sum() }
    return (excess * s).reshaped([1, lower.count]).rowLogSumExps().softplus()
  }
}
