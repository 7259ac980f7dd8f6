// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss: a number that training minimizes, computed from the vectors of a batch.
///
/// A loss computes with the variables of its batch, so its body reads like its formula; the operations know their
/// derivatives. The type of the batch determines the data that it needs: ``LabeledBatch``, ``TripletBatch``,
/// ``PairBatch``, ``RankingBatch`` or ``ClassBatch``, or for cross-encoders ``ScoredBatch`` or ``CandidateBatch``. For
/// example, the mean over anchors of log(1 + exp(d_p - d_n)) with the nearest positive p and negative n:
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
  /// The batch that the loss is computed of.
  associatedtype Batch

  /// Computes the loss of a batch.
  func callAsFunction(_ batch: Batch) -> LossValue

  /// The value of the loss if all vectors are equal. The trainer uses it to detect a collapse. The default is nil:
  /// unknown.
  var valueOfCollapse: Float? { get }

  /// A description of the loss and its parameters. A run can only be resumed with a loss of the same identity.
  ///
  /// The default is the name of the type with all stored properties. Implement it if a stored property does not show
  /// its value in its description, for example a closure.
  var identity: String { get }
}

extension Loss {
  /// The default, nil: unknown.
  public var valueOfCollapse: Float? { nil }

  /// The default: the name of the type with all stored properties, for example
  /// `TripletLoss(distance: euclidean, margin: 5.0)`.
  public var identity: String { SwiftletTraining.identity(of: self) }

  /// The stored properties, including those of nested losses.
  public var parameters: [(name: String, value: String)] {
    Mirror(reflecting: self).children.flatMap { label, value in
      (value as? any Loss)?.parameters ?? [(label ?? "", "\(value)")]
    }
  }

  /// The type of the loss's batch.
  package static var batchType: Any.Type { Batch.self }

  /// The name of the loss in messages: its name if it has one, else the name of its type.
  package var messageName: String { (Self.self as? any NamedLoss.Type)?.name ?? "\(Self.self)" }
}

/// A loss that is the mean of terms which belong to anchors. It can be computed for a few anchors at a time.
///
/// Implement ``terms(_:anchors:)``; the loss is the mean of the terms.
public protocol AnchorwiseLoss<Batch>: Loss {
  /// The batch that the loss is computed of.
  override associatedtype Batch: AnchoredBatch

  /// Computes the terms of some anchors against the whole batch: any number for each anchor.
  ///
  /// The terms of consecutive ranges, joined, must equal the terms of the whole batch to the bit.
  func terms(_ batch: Batch, anchors: Range<Int>) -> LossTerms
}

extension AnchorwiseLoss {
  /// The mean of the terms of all anchors.
  public func callAsFunction(_ batch: Batch) -> LossValue { mean(of: batch) }

  func mean(of batch: Batch) -> LossValue {
    let terms = terms(batch, anchors: 0..<batch.anchorCount)
    return LossValue(terms.values.mean(), statistics: terms.statistics)
  }
}

/// A batch with anchors, for losses that are means over anchors.
public protocol AnchoredBatch {
  /// The number of anchors.
  var anchorCount: Int { get }
}

/// A batch whose vectors can be transformed before a loss is computed.
public protocol VectorBatch {
  /// Returns the batch with each matrix of vectors `[N, D]` transformed.
  func mapVectors(_ transform: (Variable) -> Variable) -> Self
}
