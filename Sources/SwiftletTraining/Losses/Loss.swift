// SPDX-License-Identifier: Apache-2.0

/// A loss, by the data that it takes.
public enum TrainingLoss: Sendable {
  /// Of vectors with labels.
  case labeled(any LabeledLoss)
  /// Of anchors with their positives and negatives.
  case triplets(any ExplicitTripletLoss)
  /// Of pairs with a target each.
  case pairs(any PairLoss)
  /// Of anchors with their positives, and negatives if there are any, among all of the batch.
  case ranking(any RankingLoss)
  /// Of the logits that a layer, which is trained along, gives of vectors with labels.
  case classification(any ClassificationLoss)

  /// The loss where all vectors are equal, by which a collapse shows; nil if it is not known.
  public var valueOfCollapse: Float? {
    switch self {
    case .labeled(let loss): loss.valueOfCollapse
    case .triplets(let loss): loss.valueOfCollapse
    case .pairs(let loss): loss.valueOfCollapse
    case .ranking(let loss): loss.valueOfCollapse
    case .classification: nil
    }
  }
}
