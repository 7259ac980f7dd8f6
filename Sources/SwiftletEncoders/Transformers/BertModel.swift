// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// BERT, from token ids to hidden states.
///
/// Devlin, Chang, Lee, Toutanova: BERT: pre-training of deep bidirectional transformers for language understanding,
/// NAACL 2019. The parts and their parameter names follow the reference implementation (`BertModel` of transformers).
package struct BertModel: BertFamily {
  package static let modelTypes = ["bert"]

  package let encoder: BertEncoder

  package init(_ config: inout ConfigurationReader) throws(ConfigurationError) {
    self.init(BertEncoder(try BertConfiguration(&config)))
  }

  package init(_ encoder: BertEncoder) { self.encoder = encoder }

  /// `BertForSequenceClassification`: the pooler, then a linear layer.
  package var classificationHead: ClassificationHeadParts? {
    ClassificationHeadParts(
      transformerPrefix: "bert.", dense: "pooler.dense", denseIsInTransformer: true, activation: .tanh,
      output: "classifier")
  }

  /// The pooler. It predicts the next sentence and is not used for vectors of texts, only by cross-encoders.
  package var companionTensors: [String] { ["pooler.dense.weight", "pooler.dense.bias"] }
}
