// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
package import SwiftletEncoders
import SwiftletTensors

/// A batch of pairs of texts, each with the logit of a cross-encoder and a target.
public struct ScoredBatch: AnchoredBatch {
  /// `[N]`
  public let logits: Variable

  /// The target of each pair: 1 for texts that go together and 0 for others, or a number between.
  public let targets: [Float]

  /// Creates a batch of logits `[N]` with a target each.
  public init(logits: Variable, targets: [Float]) {
    precondition(logits.shape == [targets.count], "\(targets.count) targets for logits of shape \(logits.shape)")
    self.logits = logits
    self.targets = targets
  }

  /// Each pair is an anchor.
  public var anchorCount: Int { targets.count }
}

extension ScoredBatch: TextBatch {
  package static var kinds: Set<Dataset.Kind> { [.scoredPairs, .labeledPairs] }
  package static var modelKind: ModelKind { .crossEncoder }

  package init(_ batch: BatchVectors) {
    guard let targets = batch.targets else { preconditionFailure("no targets") }
    self.init(logits: batch.vectors.reshaped([targets.count]), targets: targets)
  }
}
