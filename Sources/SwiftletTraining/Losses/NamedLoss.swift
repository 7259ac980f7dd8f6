// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletFiles

/// A loss that a program can make by its name, with parameters that its user may give or leave out.
public protocol NamedLoss<Batch>: Loss {
  /// What a user calls the loss.
  static var name: String { get }

  /// Makes the loss, with its own defaults for what is not given.
  ///
  /// - Throws: A ``SwiftletError`` for a parameter that the loss does not have, or whose value is not possible.
  init(_ parameters: LossParameters) throws
}

/// The losses that programs offer by name.
public enum LossRegistry {
  /// All of them, in the order in which programs list them: the first is the default.
  public static let all: [any NamedLoss.Type] = [
    BatchHardTripletLoss.self, BatchHardSoftMarginTripletLoss.self, BatchSemiHardTripletLoss.self,
    FaceNetSemiHardTripletLoss.self, BatchAllTripletLoss.self, TripletLoss.self, HardestOfKTripletLoss.self,
    ContrastiveLoss.self, OnlineContrastiveLoss.self, CosineHingeLoss.self, CosineSimilarityLoss.self,
    CoSENTLoss.self, AnglELoss.self, MultipleNegativesRankingLoss.self, MultipleNegativesSymmetricRankingLoss.self,
    MeanSquaredErrorLoss.self, SoftmaxCrossEntropyLoss.self,
  ]

  /// The loss of this name.
  ///
  /// - Throws: A ``SwiftletError`` that lists all names, if there is no such loss.
  public static func loss(named name: String) throws -> any NamedLoss.Type {
    guard let loss = all.first(where: { sameBytes($0.name, name) }) else { throw LossError.unknownName(name) }
    return loss
  }
}

/// What a user may say of a loss whose name is known at run time only.
public struct LossParameters: Sendable, Equatable {
  /// How far two vectors are from each other; nil: the loss's own measure.
  public var distance: Distance?
  /// The loss's margin; nil: the loss's own.
  public var margin: Float?
  /// What a loss of cosines multiplies them by; nil: the loss's own.
  public var scale: Float?
  /// Whether the vectors have the length 1, on which the margins of triplets depend.
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

  /// The margin of triplets where none is given.
  ///
  /// It is sentence-transformers' 5, or 0.3 where no two vectors are more than 2 apart: there every triplet would be within
  /// a margin of 5, learned or not.
  var tripletMargin: Float { margin ?? (hasUnitVectors || distance == .cosine ? 0.3 : 5) }

  /// A parameter that some losses have.
  enum Name {
    case distance, margin, scale
  }

  /// Checks what was given.
  ///
  /// - Parameters:
  ///   - names: the parameters that the loss has.
  ///   - loss: what a message calls it.
  func check(_ names: Set<Name>, of loss: any NamedLoss.Type) throws(LossError) {
    if let margin, !(margin >= 0 && margin.isFinite) { throw .badMargin(margin) }
    if let scale, !(scale > 0 && scale.isFinite) { throw .badScale(scale) }
    if distance != nil, !names.contains(.distance) { throw .noDistance(loss: loss.name) }
    if margin != nil, !names.contains(.margin) { throw .noMargin(loss: loss.name) }
    if scale != nil, !names.contains(.scale) { throw .noScale(loss: loss.name) }
  }
}

/// A loss of pairs that takes their targets for numbers of a certain range.
package protocol BoundedTargetsLoss: Loss {
  /// What a target may be.
  static var targets: ClosedRange<Double> { get }
}

/// A loss that is chosen at run time: by its type, with what its user said of it.
public struct LossChoice: Sendable {
  /// The loss.
  public var loss: any NamedLoss.Type
  /// What its user said; whether vectors have unit length is known, and filled in, once the model is read.
  public var parameters: LossParameters
  /// The numbers of first features on each of which the loss is taken, too, so that vectors can be cut to them; nil:
  /// all features alone.
  public var matryoshkaDimensions: [Int]?

  /// A choice, with a loss's own parameters unless they are given.
  public init(
    _ loss: any NamedLoss.Type, _ parameters: LossParameters = LossParameters(), matryoshkaDimensions: [Int]? = nil
  ) {
    self.loss = loss
    self.parameters = parameters
    self.matryoshkaDimensions = matryoshkaDimensions
  }

  /// The batch that the loss takes.
  private var batch: Any.Type {
    func batch<L: Loss>(_ loss: L.Type) -> Any.Type { L.Batch.self }
    return batch(loss)
  }

  /// Whether negatives are mined for the loss where the data is labeled texts.
  public var takesMinedTriplets: Bool { batch is any MinableBatch.Type }

  /// Checks what can be checked before the model is known.
  ///
  /// - Throws: A ``SwiftletError`` for parameters that the loss does not have, or whose values are not possible.
  public func check() throws { _ = try make(hasUnitVectors: true, dimension: .max) }

  /// The loss for vectors of a dimension, with or without unit length.
  ///
  /// - Throws: ``LossError`` if a parameter does not go with the loss.
  package func make(hasUnitVectors: Bool, dimension: Int) throws -> any Loss {
    var parameters = parameters
    // A Matryoshka loss takes vectors of unit length, whatever the encoder gives.
    parameters.hasUnitVectors = hasUnitVectors || matryoshkaDimensions != nil
    let made = try loss.init(parameters)
    guard let matryoshkaDimensions else { return made }
    guard let batch = batch as? any VectorBatch.Type else { throw LossError.noMatryoshka(loss: loss.name) }
    return batch.matryoshka(made, try MatryoshkaDimensions(matryoshkaDimensions, of: dimension))
  }
}

extension VectorBatch {
  /// A loss that takes this batch, as a ``MatryoshkaLoss``.
  fileprivate static func matryoshka(_ loss: any Loss, _ dimensions: MatryoshkaDimensions) -> any Loss {
    func matryoshka<L: Loss<Self>>(_ loss: L) -> any Loss { MatryoshkaLoss(loss, dimensions: dimensions) }
    guard let loss = loss as? any Loss<Self> else { preconditionFailure("a loss of another batch") }
    return matryoshka(loss)
  }
}
