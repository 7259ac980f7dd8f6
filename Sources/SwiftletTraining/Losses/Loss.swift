// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A number that says how far the vectors of a batch are from what they shall be; training makes it small.
///
/// A loss is written on the variables of its batch, and its body reads as its formula: the ops know their derivatives.
/// The batch says what data it learns from: ``LabeledBatch``, ``TripletBatch``, ``PairBatch``, ``RankingBatch`` or
/// ``ClassBatch``. The mean over anchors of log(1 + exp(d_p - d_n)), with the nearest positive p and negative n:
///
/// ```swift
/// struct NearestPositiveLoss: Loss {
///   func callAsFunction(_ batch: LabeledBatch) -> LossValue {
///     let distances = batch.vectors.distancesAmongRows()
///     let positives = distances.rowMinima { $0 != $1 && batch.labels[$0] == batch.labels[$1] }
///     let negatives = distances.rowMinima { batch.labels[$0] != batch.labels[$1] }
///     return LossValue((positives - negatives).softplus().mean())
///   }
/// }
/// ```
public protocol Loss<Batch>: Sendable {
  /// What the loss is taken of.
  associatedtype Batch

  /// The loss of a batch.
  func callAsFunction(_ batch: Batch) -> LossValue

  /// The loss where all vectors are equal, by which a collapse shows; nil, the default, if it is not known.
  var valueOfCollapse: Float? { get }

  /// What the loss is made of: a run is resumed with a loss of the same identity only.
  ///
  /// The default is the name of the type with all stored properties. A loss that keeps what does not show in their
  /// descriptions, as a closure, gives an identity of its own.
  var identity: String { get }
}

extension Loss {
  /// Not known.
  public var valueOfCollapse: Float? { nil }

  /// The name of the type with all stored properties, as `TripletLoss(distance: euclidean, margin: 5.0)`.
  public var identity: String { SwiftletTraining.identity(of: self) }

  /// The stored properties, those of a loss within this one among them.
  public var parameters: [(name: String, value: String)] {
    Mirror(reflecting: self).children.flatMap { label, value in
      (value as? any Loss)?.parameters ?? [(label ?? "", "\(value)")]
    }
  }

  /// What messages call the loss: its name if it has one, else that of its type.
  package var messageName: String { (Self.self as? any NamedLoss.Type)?.name ?? "\(Self.self)" }
}

/// A loss that is the mean of terms that belong to anchors, so that it can be computed a few anchors at a time.
///
/// Its body is ``terms(_:anchors:)``; the loss is their mean.
public protocol AnchorwiseLoss<Batch>: Loss {
  /// What the loss is taken of.
  override associatedtype Batch: AnchoredBatch

  /// The terms of some anchors against the whole batch: one or more an anchor, or none.
  ///
  /// The terms of consecutive ranges, one after the other, are those of the whole batch, to the bit.
  func terms(_ batch: Batch, anchors: Range<Int>) -> LossTerms
}

extension AnchorwiseLoss {
  /// The mean of the terms of all anchors.
  public func callAsFunction(_ batch: Batch) -> LossValue {
    let terms = terms(batch, anchors: 0..<batch.anchorCount)
    return LossValue(terms.values.mean(), statistics: terms.statistics)
  }
}

/// A batch whose losses may be means over its rows, or over those that are anchors.
public protocol AnchoredBatch {
  /// How many anchors the batch has.
  var anchorCount: Int { get }
}

/// A batch of vectors that may be cut or scaled before a loss is taken of them.
public protocol VectorBatch {
  /// The batch with all its vectors, matrices `[N, D]`, replaced.
  func mapVectors(_ transform: (Variable) -> Variable) -> Self
}
