// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// MPNet: BERT without token types, with a bias of attention scores by the tokens' distance.
///
/// Song, Tan, Qin, Lu, Liu: MPNet: masked and permuted pre-training for language understanding, NeurIPS 2020.
/// Reference: `MPNetModel` of transformers.
package struct MPNetModel: BertFamily {
  package static let modelTypes = ["mpnet"]

  package let encoder: BertEncoder

  package init(_ config: inout ConfigurationReader) throws(ConfigurationError) {
    var keys = BertKeys()
    keys.vocabularySize.default = 30527
    keys.typeVocabularySize = nil
    keys.padTokenID = 1
    // The reference counts after 1, whatever the padding token's id is.
    keys.positionsFollow = .fixed(1)
    var parts = BertParts()
    parts.query = "attention.attn.q"
    parts.key = "attention.attn.k"
    parts.value = "attention.attn.v"
    parts.attentionOutput = "attention.attn.o"
    parts.attentionNorm = "attention.LayerNorm"
    // The reference reads the first 32 rows, whatever their number is.
    let least = RelativePositionBias.bucketCount
    let buckets = config.integer("relative_attention_num_buckets", in: least...1 << 10, default: least)
    parts.relativePositions = ("encoder.relative_attention_bias", bucketCount: buckets)
    self.init(BertEncoder(try BertConfiguration(&config, keys), parts))
  }

  package init(_ encoder: BertEncoder) { self.encoder = encoder }

  /// `MPNetForSequenceClassification`
  package var classificationHead: ClassificationHeadParts? {
    ClassificationHeadParts(
      transformerPrefix: "mpnet.", dense: "classifier.dense", activation: .tanh, output: "classifier.out_proj",
      dropsInput: true, dropoutKeys: ["hidden_dropout_prob"])
  }

  /// The pooler, which is not used for vectors of texts.
  package var companionTensors: [String] { ["pooler.dense.weight", "pooler.dense.bias"] }
}
