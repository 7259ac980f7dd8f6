// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// Pairs with a score y, on any scale: as ``CoSENTLoss``, with |cos + sin| of an angle between complex vectors in place of
/// the cosine.
///
/// With unit vectors (a, b) and (c, d), of which a and c are the real halves, it is |ac + bd + bc - ad|. The second half
/// of an odd number of features lacks one, which counts as 0.
///
/// Li, Li: AnglE-optimized text embeddings, arXiv:2309.12871, 2023; as in sentence-transformers.
public struct AnglELoss: PairLoss {
  /// s: how sharply two pairs in the wrong order are punished.
  public let scale: Float

  /// The loss.
  public init(scale: Float = 20) { self.scale = scale }

  /// The loss of a batch.
  public func callAsFunction(
    first: Variable, second: Variable, targets: [Float], in context: Context
  ) -> LossValue {
    let y = PairTargets(targets, of: first, second)
    let similarities = similarities(context.normalized(first), context.normalized(second), in: context)
    return LossValue(y.orderLoss(of: similarities, scale: scale, in: context))
  }

  /// |x·y + bc - ad| of unit rows x = (a, b) and y = (c, d).
  private func similarities(_ x: Variable, _ y: Variable, in context: Context) -> Variable {
    let features = x.tensor.shape[1], half = (features + 1) / 2
    let real = 0..<features - half, imaginary = half..<features
    let bc = context.dotProducts(context.columns(of: x, in: imaginary), context.columns(of: y, in: real))
    let ad = context.dotProducts(context.columns(of: x, in: real), context.columns(of: y, in: imaginary))
    return context.absoluteValue(context.sum(context.dotProducts(x, y), context.difference(bc, ad)))
  }
}
