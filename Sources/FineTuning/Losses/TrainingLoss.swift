// SPDX-License-Identifier: Apache-2.0

/// A loss, by the data that it takes.
public enum TrainingLoss: Sendable {
  /// Of vectors with labels.
  case labeled(any LabeledLoss)
  /// Of anchors with their positives and negatives.
  case triplets(any ExplicitTripletLoss)

  /// The loss where all vectors are equal, by which a collapse shows; nil if it is not known.
  public var valueOfCollapse: Float? {
    switch self {
    case .labeled(let loss): loss.valueOfCollapse
    case .triplets(let loss): loss.valueOfCollapse
    }
  }
}
