// SPDX-License-Identifier: Apache-2.0

public import Autodiff
import FileFormats

/// The losses that can be chosen by a name.
public enum LossName: String, CaseIterable, Sendable {
  /// ``BatchHardTripletLoss``
  case batchHardTriplet = "batch-hard-triplet"
  /// ``BatchHardSoftMarginTripletLoss``
  case batchHardSoftMarginTriplet = "batch-hard-soft-margin-triplet"
  /// ``BatchSemiHardTripletLoss``
  case batchSemiHardTriplet = "batch-semi-hard-triplet"
  /// ``FaceNetSemiHardTripletLoss``
  case faceNetSemiHardTriplet = "facenet-semi-hard-triplet"
  /// ``BatchAllTripletLoss``
  case batchAllTriplet = "batch-all-triplet"
  /// ``TripletLoss``
  case triplet = "triplet"
  /// ``HardestOfKTripletLoss``
  case hardestOfKTriplet = "hardest-of-k-triplet"

  /// A loss by what a user calls it.
  public init(named name: String) throws(LossError) {
    guard let known = LossName.allCases.first(where: { sameBytes($0.rawValue, name) }) else {
      throw .unknownName(name)
    }
    self = known
  }

  /// The margin where none is chosen: sentence-transformers' 5, or 0.3 where no two vectors are more than 2 apart: there
  /// every triplet would be within a margin of 5, learned or not. nil for a loss without a margin.
  public func defaultMargin(distance: Distance, unitVectors: Bool) -> Float? {
    if self == .batchHardSoftMarginTriplet { return nil }
    return unitVectors || distance == .cosine ? 0.3 : 5
  }

  /// The loss.
  ///
  /// - Parameters:
  ///   - margin: nil for ``defaultMargin(distance:unitVectors:)``.
  ///   - unitVectors: whether the vectors have the length 1.
  public func loss(
    distance: Distance = .euclidean, margin chosen: Float? = nil, unitVectors: Bool
  ) throws(LossError) -> TrainingLoss {
    if let chosen, !(chosen >= 0 && chosen.isFinite) { throw .badMargin(chosen) }
    let margin = chosen ?? defaultMargin(distance: distance, unitVectors: unitVectors) ?? 0
    switch self {
    case .batchHardTriplet: return .labeled(BatchHardTripletLoss(distance: distance, margin: margin))
    case .batchHardSoftMarginTriplet:
      guard chosen == nil else { throw .noMargin(self) }
      return .labeled(BatchHardSoftMarginTripletLoss(distance: distance))
    case .batchSemiHardTriplet: return .labeled(BatchSemiHardTripletLoss(distance: distance, margin: margin))
    case .faceNetSemiHardTriplet: return .labeled(FaceNetSemiHardTripletLoss(distance: distance, margin: margin))
    case .batchAllTriplet: return .labeled(BatchAllTripletLoss(distance: distance, margin: margin))
    case .triplet: return .triplets(TripletLoss(distance: distance, margin: margin))
    case .hardestOfKTriplet: return .triplets(HardestOfKTripletLoss(distance: distance, margin: margin))
    }
  }
}
