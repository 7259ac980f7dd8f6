// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// ELECTRA's discriminator: BERT whose embeddings may be smaller than hidden states, and are then projected.
///
/// Clark, Luong, Le, Manning: ELECTRA: pre-training text encoders as discriminators rather than generators, ICLR 2020.
/// Reference: `ElectraModel` of transformers.
package struct ElectraModel: BertFamily {
  package static let modelTypes = ["electra"]

  package let encoder: BertEncoder

  package init(_ config: inout ConfigurationReader) throws(ConfigurationError) {
    var keys = BertKeys()
    keys.embeddingSize = ("embedding_size", 128)
    keys.hiddenSize.default = 256
    keys.headCount.default = 4
    keys.intermediateSize.default = 1024
    self.init(BertEncoder(try BertConfiguration(&config, keys)))
  }

  package init(_ encoder: BertEncoder) { self.encoder = encoder }

  /// `ElectraForSequenceClassification`
  package var classificationHead: ClassificationHeadParts? {
    ClassificationHeadParts(
      transformerPrefix: "electra.", dense: "classifier.dense", activation: .gelu, output: "classifier.out_proj",
      dropsInput: true)
  }
}
