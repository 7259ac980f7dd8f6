// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles

/// A loss that can be created by name with optional parameters.
public protocol NamedLoss<Batch>: Loss {
  /// The name of the loss on the command line.
  static var name: String { get }

  /// Creates the loss, with its own defaults for parameters that are nil.
  ///
  /// - Throws: A ``SwiftletError`` for a parameter that the loss does not have, or whose value is not possible.
  init(_ parameters: LossChoice.Parameters) throws
}

/// A loss of pairs whose targets have a limited range.
package protocol BoundedTargetsLoss: Loss {
  /// The range of targets.
  static var targets: ClosedRange<Double> { get }
}

/// A loss that is chosen at run time, with its parameters.
public struct LossChoice: Sendable {
  /// The loss.
  public var loss: any NamedLoss.Type
  /// The parameters.
  public var parameters: LossChoice.Parameters
  /// The dimensions of a ``MatryoshkaLoss`` around the loss; nil: none.
  public var matryoshkaDimensions: [Int]?

  /// Creates a choice. Parameters that are not given have the loss's defaults.
  public init(
    _ loss: any NamedLoss.Type, _ parameters: LossChoice.Parameters = LossChoice.Parameters(),
    matryoshkaDimensions: [Int]? = nil
  ) {
    self.loss = loss
    self.parameters = parameters
    self.matryoshkaDimensions = matryoshkaDimensions
  }

  /// The type of the loss's batch.
  private var batch: Any.Type { loss.batchType }

  /// The kind of model that the loss trains.
  var modelKind: ModelKind { (batch as? any TextBatch.Type)?.modelKind ?? .sentenceEncoder }

  /// Whether the loss needs mined negatives if the data is labeled texts.
  public var takesMinedTriplets: Bool { batch is any MinableBatch.Type }

  /// Checks the parameters before the model is known.
  ///
  /// - Throws: A ``SwiftletError`` for parameters that the loss does not have, or whose values are not possible.
  public func check() throws { _ = try make(hasUnitVectors: true, dimension: .max) }

  /// Creates the loss for vectors of a dimension, with or without unit length.
  ///
  /// - Throws: ``LossError`` if a parameter does not go with the loss.
  package func make(hasUnitVectors: Bool, dimension: Int) throws -> any Loss {
    var parameters = parameters
    // A Matryoshka loss scales vectors to unit length.
    parameters.hasUnitVectors = hasUnitVectors || matryoshkaDimensions != nil
    let made = try loss.init(parameters)
    guard let matryoshkaDimensions else { return made }
    guard let batch = batch as? any VectorBatch.Type else { throw LossError.noMatryoshka(loss: loss.name) }
    return batch.matryoshka(made, try MatryoshkaDimensions(matryoshkaDimensions, of: dimension))
  }
}

extension LossChoice {
  /// The losses of cross-encoders, which score pairs of texts. The first is the default.
  public static let ofCrossEncoders: [any NamedLoss.Type] = [BinaryCrossEntropyLoss.self, CandidateRankingLoss.self]

  /// All losses of sentence encoders, in the order in which programs list them. The first is the default.
  public static let all: [any NamedLoss.Type] = [
    BatchHardTripletLoss.self, BatchHardSoftMarginTripletLoss.self, BatchSemiHardTripletLoss.self,
    FaceNetSemiHardTripletLoss.self, BatchAllTripletLoss.self, TripletLoss.self, HardestOfKTripletLoss.self,
    ContrastiveLoss.self, OnlineContrastiveLoss.self, CosineHingeLoss.self, CosineSimilarityLoss.self,
    CoSENTLoss.self, AnglELoss.self, MultipleNegativesRankingLoss.self, MultipleNegativesSymmetricRankingLoss.self,
    MeanSquaredErrorLoss.self, SoftmaxCrossEntropyLoss.self,
  ]

  /// The loss of this name.
  ///
  /// - Parameters:
  ///   - name: the name, as `--loss` takes it.
  ///   - isForCrossEncoder: whether the loss is one of cross-encoders.
  /// - Throws: A ``SwiftletError`` that lists all names, if there is no such loss.
  public static func loss(named name: String, isForCrossEncoder: Bool = false) throws -> any NamedLoss.Type {
    let losses = isForCrossEncoder ? ofCrossEncoders : all
    guard let loss = losses.first(where: { sameBytes($0.name, name) }) else {
      throw LossError.unknownName(name, known: losses.map { $0.name })
    }
    return loss
  }

  /// The names of the losses that can train a model on data of a kind, the one to start with first.
  static func names(for kind: Dataset.Kind, _ model: ModelKind = .sentenceEncoder) -> String {
    if model == .crossEncoder {
      switch kind {
      case .scoredPairs, .labeledPairs: return BinaryCrossEntropyLoss.name
      case .triplets, .positivePairs: return CandidateRankingLoss.name
      case .labeledTexts: return "those of sentence encoders, or give pairs of texts"
      }
    }
    let suitable = all.filter { ($0.batchType as? any TextBatch.Type)?.kinds.contains(kind) ?? false }.map { $0.name }
    let first: any NamedLoss.Type =
      switch kind {
      case .labeledTexts: BatchHardTripletLoss.self
      case .triplets, .positivePairs: MultipleNegativesRankingLoss.self
      case .scoredPairs: CoSENTLoss.self
      case .labeledPairs: OnlineContrastiveLoss.self
      }
    return ([first.name] + suitable.filter { $0 != first.name }).joined(separator: ", ")
  }

  /// Optional parameters of a loss that is chosen at run time.
  public struct Parameters: Sendable, Equatable {
    /// The distance; nil: the loss's default.
    public var distance: Distance?
    /// The margin; nil: the loss's default.
    public var margin: Float?
    /// The factor of cosines; nil: the loss's default.
    public var scale: Float?
    /// Whether vectors have unit length. The default margin of triplets depends on it.
    package var hasUnitVectors = false

    /// Parameters; nil keeps the loss's own default.
    public init(distance: Distance? = nil, margin: Float? = nil, scale: Float? = nil) {
      self.distance = distance
      self.margin = margin
      self.scale = scale
    }

    package init(distance: Distance? = nil, margin: Float? = nil, scale: Float? = nil, hasUnitVectors: Bool) {
      self.init(distance: distance, margin: margin, scale: scale)
      self.hasUnitVectors = hasUnitVectors
    }

    /// The margin of triplets.
    ///
    /// The default is 5 as in sentence-transformers, or 0.3 if distances are at most 2: then a margin of 5 could never be
    /// reached.
    var tripletMargin: Float { margin ?? (hasUnitVectors || distance == .cosine ? 0.3 : 5) }

    /// The parameters that a loss may have.
    enum Name {
      case distance, margin, scale
    }

    /// Checks the given parameters.
    ///
    /// - Parameters:
    ///   - names: the parameters that the loss has.
    ///   - loss: the loss, for messages.
    func check(_ names: Set<Name>, of loss: any NamedLoss.Type) throws(LossError) {
      if let margin, !(margin >= 0 && margin.isFinite) { throw .badMargin(margin) }
      if let scale, !(scale > 0 && scale.isFinite) { throw .badScale(scale) }
      if distance != nil, !names.contains(.distance) { throw .noDistance(loss: loss.name) }
      if margin != nil, !names.contains(.margin) { throw .noMargin(loss: loss.name) }
      if scale != nil, !names.contains(.scale) { throw .noScale(loss: loss.name) }
    }
  }
}

extension VectorBatch {
  /// Wraps a loss of this batch in a ``MatryoshkaLoss``.
  fileprivate static func matryoshka(_ loss: any Loss, _ dimensions: MatryoshkaDimensions) -> any Loss {
    func matryoshka<L: Loss<Self>>(_ loss: L) -> any Loss { MatryoshkaLoss(loss, dimensions: dimensions) }
    guard let loss = loss as? any Loss<Self> else { preconditionFailure("a loss of another batch") }
    return matryoshka(loss)
  }
}
