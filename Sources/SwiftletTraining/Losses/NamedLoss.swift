// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletFiles

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
  /// ``ContrastiveLoss``
  case contrastive = "contrastive"
  /// ``OnlineContrastiveLoss``
  case onlineContrastive = "online-contrastive"
  /// ``CosineHingeLoss``
  case cosineHinge = "cosine-hinge"
  /// ``CosineSimilarityLoss``
  case cosineSimilarity = "cosine-similarity"
  /// ``CoSENTLoss``
  case coSENT = "cosent"
  /// ``AnglELoss``
  case anglE = "angle"
  /// ``MultipleNegativesRankingLoss``
  case multipleNegativesRanking = "multiple-negatives-ranking"
  /// ``MultipleNegativesSymmetricRankingLoss``
  case multipleNegativesSymmetricRanking = "multiple-negatives-ranking-symmetric"
  /// ``MeanSquaredErrorLoss``
  case meanSquaredError = "mse"
  /// ``SoftmaxCrossEntropyLoss`` of a linear layer from vectors to labels, which is trained along and not saved
  case softmaxCrossEntropy = "softmax-cross-entropy"

  /// A loss by what a user calls it.
  public init(named name: String) throws(LossError) {
    guard let known = LossName.allCases.first(where: { sameBytes($0.rawValue, name) }) else {
      throw .unknownName(name)
    }
    self = known
  }

  /// The distance where none is chosen: sentence-transformers', the cosine for contrastive losses and else euclidean. nil
  /// for a loss that has its own measure.
  public var defaultDistance: Distance? {
    switch self {
    case .batchHardTriplet, .batchHardSoftMarginTriplet, .batchSemiHardTriplet, .faceNetSemiHardTriplet,
      .batchAllTriplet, .triplet, .hardestOfKTriplet:
      .euclidean
    case .contrastive, .onlineContrastive: .cosine
    case .cosineHinge, .cosineSimilarity, .coSENT, .anglE, .multipleNegativesRanking,
      .multipleNegativesSymmetricRanking, .meanSquaredError, .softmaxCrossEntropy:
      nil
    }
  }

  /// The margin where none is chosen; nil for a loss without a margin.
  ///
  /// Of triplets, it is sentence-transformers' 5, or 0.3 where no two vectors are more than 2 apart: there every triplet
  /// would be within a margin of 5, learned or not.
  ///
  /// - Parameter distance: nil for ``defaultDistance``.
  public func defaultMargin(distance: Distance? = nil, unitVectors: Bool) -> Float? {
    switch self {
    case .batchHardTriplet, .batchSemiHardTriplet, .faceNetSemiHardTriplet, .batchAllTriplet, .triplet,
      .hardestOfKTriplet:
      unitVectors || distance == .cosine ? 0.3 : 5
    case .contrastive, .onlineContrastive: 0.5
    case .cosineHinge: 1
    case .batchHardSoftMarginTriplet, .cosineSimilarity, .coSENT, .anglE, .multipleNegativesRanking,
      .multipleNegativesSymmetricRanking, .meanSquaredError, .softmaxCrossEntropy:
      nil
    }
  }

  /// The scale where none is chosen; nil for a loss without a scale.
  public var defaultScale: Float? {
    switch self {
    case .coSENT, .anglE, .multipleNegativesRanking, .multipleNegativesSymmetricRanking: 20
    default: nil
    }
  }

  /// The loss.
  ///
  /// - Parameters:
  ///   - distance: nil for ``defaultDistance``.
  ///   - margin: nil for ``defaultMargin(distance:unitVectors:)``.
  ///   - scale: nil for ``defaultScale``.
  ///   - unitVectors: whether the vectors have the length 1.
  /// - Throws: ``LossError`` if a choice makes no sense, or does not go with the loss.
  public func loss(
    distance chosenDistance: Distance? = nil, margin chosenMargin: Float? = nil, scale chosenScale: Float? = nil,
    unitVectors: Bool
  ) throws(LossError) -> TrainingLoss {
    let defaultMargin = defaultMargin(distance: chosenDistance, unitVectors: unitVectors)
    if let chosenMargin, !(chosenMargin >= 0 && chosenMargin.isFinite) { throw .badMargin(chosenMargin) }
    if let chosenScale, !(chosenScale > 0 && chosenScale.isFinite) { throw .badScale(chosenScale) }
    if chosenDistance != nil && defaultDistance == nil { throw .noDistance(self) }
    if chosenMargin != nil && defaultMargin == nil { throw .noMargin(self) }
    if chosenScale != nil && defaultScale == nil { throw .noScale(self) }
    let distance = chosenDistance ?? defaultDistance ?? .cosine
    let margin = chosenMargin ?? defaultMargin ?? 0, scale = chosenScale ?? defaultScale ?? 1
    return switch self {
    case .batchHardTriplet: .labeled(BatchHardTripletLoss(distance: distance, margin: margin))
    case .batchHardSoftMarginTriplet: .labeled(BatchHardSoftMarginTripletLoss(distance: distance))
    case .batchSemiHardTriplet: .labeled(BatchSemiHardTripletLoss(distance: distance, margin: margin))
    case .faceNetSemiHardTriplet: .labeled(FaceNetSemiHardTripletLoss(distance: distance, margin: margin))
    case .batchAllTriplet: .labeled(BatchAllTripletLoss(distance: distance, margin: margin))
    case .triplet: .triplets(TripletLoss(distance: distance, margin: margin))
    case .hardestOfKTriplet: .triplets(HardestOfKTripletLoss(distance: distance, margin: margin))
    case .contrastive: .pairs(ContrastiveLoss(distance: distance, margin: margin))
    case .onlineContrastive: .pairs(OnlineContrastiveLoss(distance: distance, margin: margin))
    case .cosineHinge: .pairs(CosineHingeLoss(margin: margin))
    case .cosineSimilarity: .pairs(CosineSimilarityLoss())
    case .coSENT: .pairs(CoSENTLoss(scale: scale))
    case .anglE: .pairs(AnglELoss(scale: scale))
    case .multipleNegativesRanking: .ranking(MultipleNegativesRankingLoss(scale: scale))
    case .multipleNegativesSymmetricRanking: .ranking(MultipleNegativesSymmetricRankingLoss(scale: scale))
    case .meanSquaredError: .pairs(MeanSquaredErrorLoss())
    case .softmaxCrossEntropy: .classification(SoftmaxCrossEntropyLoss())
    }
  }
}
