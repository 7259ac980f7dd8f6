// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// DistilBERT: BERT without token types, with names of its own.
///
/// Sinusoidal position embeddings are weights in the file like any others.
///
/// Sanh, Debut, Chaumond, Wolf: DistilBERT, a distilled version of BERT, arXiv:1910.01108, 2019. Reference:
/// `DistilBertModel` of transformers.
package struct DistilBertModel: BertFamily {
  package static let modelTypes = ["distilbert"]

  package let encoder: BertEncoder

  package init(_ config: inout ConfigurationReader) throws(ConfigurationError) {
    var keys = BertKeys()
    keys.hiddenSize = ("dim", 768)
    keys.layerCount = ("n_layers", 6)
    keys.headCount = ("n_heads", 12)
    keys.intermediateSize = ("hidden_dim", 3072)
    keys.activation = "activation"
    keys.hiddenDropout = "dropout"
    keys.attentionDropout = "attention_dropout"
    keys.layerNormEpsilon = nil
    keys.typeVocabularySize = nil
    var parts = BertParts()
    parts.layers = "transformer.layer"
    parts.query = "attention.q_lin"
    parts.key = "attention.k_lin"
    parts.value = "attention.v_lin"
    parts.attentionOutput = "attention.out_lin"
    parts.attentionNorm = "sa_layer_norm"
    parts.intermediate = "ffn.lin1"
    parts.output = "ffn.lin2"
    parts.outputNorm = "output_layer_norm"
    parts.dropsAttentionOutput = false
    self.init(BertEncoder(try BertConfiguration(&config, keys), parts))
  }

  package init(_ encoder: BertEncoder) { self.encoder = encoder }

  /// `DistilBertForSequenceClassification`
  package var classificationHead: ClassificationHeadParts? {
    ClassificationHeadParts(
      transformerPrefix: "distilbert.", dense: "pre_classifier", activation: .relu, output: "classifier",
      dropoutKeys: ["seq_classif_dropout"], defaultDropout: 0.2)
  }
}
