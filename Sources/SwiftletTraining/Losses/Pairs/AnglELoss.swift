// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// A loss for pairs with a score y on any scale. Like ``CoSENTLoss``, with |cos + sin| of the angle between complex
/// vectors in place of the cosine.
///
/// For unit vectors (a, b) and (c, d), where a and c are the real halves, it is |ac + bd + bc - ad|. With an odd number
/// of features, the shorter half is padded with a 0.
///
/// Li, Li: AnglE-optimized text embeddings, arXiv:2309.12871, 2023; as in sentence-transformers.
public struct AnglELoss: NamedLoss {
  /// s: the factor of differences. The larger it is, the more pairs in the wrong order count.
  public let scale: Float

  /// The loss.
  public init(scale: Float = 20) { self.scale = scale }

  /// Computes the loss of a batch.
  public func callAsFunction(_ pairs: PairBatch) -> LossValue {
    let similarities = similarities(pairs.first.normalized(), pairs.second.normalized())
    return LossValue(pairs.orderLoss(of: similarities, scale: scale))
  }

  /// |x·y + bc - ad| of unit rows x = (a, b) and y = (c, d).
  private func similarities(_ x: Variable, _ y: Variable) -> Variable {
    let features = x.shape[1], half = (features + 1) / 2
    let real = 0..<features - half, imaginary = half..<features
    let bc = x.columns(imaginary).dotProducts(with: y.columns(real))
    let ad = x.columns(real).dotProducts(with: y.columns(imaginary))
    return (x.dotProducts(with: y) + (bc - ad)).absoluteValue()
  }

  // MARK: Named loss

  /// `angle`
  public static let name = "angle"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.scale], of: Self.self)
    self.init(scale: parameters.scale ?? 20)
  }
}
