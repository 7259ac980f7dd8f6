// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Swiftlet

/// What vectors are measured by.
enum EvaluationTask: String, ExpressibleByArgument, CaseIterable {
  case knn, triplet, sts, pairs, positives, retrieval

  /// The data that it takes.
  var kind: Dataset.Kind {
    switch self {
    case .knn, .retrieval: .labeledTexts
    case .triplet: .triplets
    case .sts: .scoredPairs
    case .pairs: .labeledPairs
    case .positives: .positivePairs
    }
  }
}
