// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Another loss of vectors of which only the first d features are kept, for several d: Σ_d w_d loss(v / |v|), where v is
/// what is left of a vector. So a vector may be cut, and is still good.
///
/// Vectors are brought to length 1 whatever d is, and whether or not the encoder does it. The statistics are those of the
/// largest dimension.
///
/// Kusupati and others: Matryoshka representation learning, NeurIPS 2022, arXiv:2205.13147.
public struct MatryoshkaLoss<Base: Sendable>: Sendable {
  /// The other loss.
  public let base: Base

  /// Each d and its w.
  public let dimensions: MatryoshkaDimensions

  /// A loss around another.
  public init(_ base: Base, dimensions: MatryoshkaDimensions) {
    self.base = base
    self.dimensions = dimensions
  }
}

extension MatryoshkaLoss: LabeledLoss where Base: LabeledLoss {
  /// The loss of a batch.
  public func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
    dimensions.sum(in: context) { base($0(vectors), labels: labels, in: context) }
  }

  /// That of the other loss, times the sum of the weights.
  public var valueOfCollapse: Float? { dimensions.sum(of: base.valueOfCollapse) }
}

extension MatryoshkaLoss: ExplicitTripletLoss where Base: ExplicitTripletLoss {
  /// The loss of a batch.
  public func callAsFunction(
    anchors: Variable, positives: Variable, negatives: Variable, in context: Context
  ) -> LossValue {
    dimensions.sum(in: context) {
      base(anchors: $0(anchors), positives: $0(positives), negatives: $0(negatives), in: context)
    }
  }

  /// That of the other loss, times the sum of the weights.
  public var valueOfCollapse: Float? { dimensions.sum(of: base.valueOfCollapse) }
}

extension MatryoshkaLoss: PairLoss where Base: PairLoss {
  /// The loss of a batch.
  public func callAsFunction(
    first: Variable, second: Variable, targets: [Float], in context: Context
  ) -> LossValue {
    dimensions.sum(in: context) { base(first: $0(first), second: $0(second), targets: targets, in: context) }
  }

  /// That of the other loss, times the sum of the weights.
  public var valueOfCollapse: Float? { dimensions.sum(of: base.valueOfCollapse) }
}

extension MatryoshkaLoss: RankingLoss where Base: RankingLoss {
  /// The loss of a batch.
  public func callAsFunction(
    anchors: Variable, positives: Variable, negatives: Variable?, classes: [Int]?, in context: Context
  ) -> LossValue {
    dimensions.sum(in: context) {
      base(
        anchors: $0(anchors), positives: $0(positives), negatives: negatives.map($0), classes: classes, in: context)
    }
  }

  /// That of the other loss, times the sum of the weights.
  public var valueOfCollapse: Float? { dimensions.sum(of: base.valueOfCollapse) }
}

extension TrainingLoss {
  /// The loss as a ``MatryoshkaLoss``.
  ///
  /// - Throws: ``LossError`` if it is one of logits, which have no features to cut.
  public func matryoshka(_ dimensions: MatryoshkaDimensions) throws(LossError) -> TrainingLoss {
    // One function for each kind opens the box in which the loss is.
    func labeled(_ loss: some LabeledLoss) -> any LabeledLoss { MatryoshkaLoss(loss, dimensions: dimensions) }
    func triplets(_ loss: some ExplicitTripletLoss) -> any ExplicitTripletLoss {
      MatryoshkaLoss(loss, dimensions: dimensions)
    }
    func pairs(_ loss: some PairLoss) -> any PairLoss { MatryoshkaLoss(loss, dimensions: dimensions) }
    func ranking(_ loss: some RankingLoss) -> any RankingLoss { MatryoshkaLoss(loss, dimensions: dimensions) }
    switch self {
    case .labeled(let loss): return .labeled(labeled(loss))
    case .triplets(let loss): return .triplets(triplets(loss))
    case .pairs(let loss): return .pairs(pairs(loss))
    case .ranking(let loss): return .ranking(ranking(loss))
    case .classification: throw .noMatryoshka
    }
  }
}
