// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Swiftlet

/// What vectors, or the scores of pairs, are measured by.
enum EvaluationTask: String, ExpressibleByArgument, CaseIterable {
  case knn, triplet, sts, pairs, positives, retrieval, rerank

  /// The data that it takes.
  var kind: Dataset.Kind {
    switch self {
    case .knn, .retrieval: .labeledTexts
    case .triplet: .triplets
    case .sts: .scoredPairs
    case .pairs, .rerank: .labeledPairs
    case .positives: .positivePairs
    }
  }
}
