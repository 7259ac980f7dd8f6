// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// RoBERTa and XLM-RoBERTa: BERT with positions that start after the padding token's id.
///
/// Conneau et al.: Unsupervised cross-lingual representation learning at scale, ACL 2020. Reference: `XLMRobertaModel`
/// and `RobertaModel` of transformers.
package struct RobertaModel: BertFamily {
  package static let modelTypes = ["xlm-roberta", "roberta"]

  package let encoder: BertEncoder

  package init(_ config: inout ConfigurationReader) throws(ConfigurationError) {
    var keys = BertKeys()
    if config.string("model_type") == Self.modelTypes[1] { keys.vocabularySize.default = 50265 }
    keys.padTokenID = 1
    keys.positionsFollow = .configured
    self.init(BertEncoder(try BertConfiguration(&config, keys)))
  }

  package init(_ encoder: BertEncoder) { self.encoder = encoder }

  /// `XLMRobertaForSequenceClassification` and `RobertaForSequenceClassification`
  package var classificationHead: ClassificationHeadParts? {
    ClassificationHeadParts(
      transformerPrefix: "roberta.", dense: "classifier.dense", activation: .tanh, output: "classifier.out_proj",
      dropsInput: true)
  }

  /// The pooler, which is not used for vectors of texts.
  package var companionTensors: [String] { ["pooler.dense.weight", "pooler.dense.bias"] }
}
