// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletTensors
package import SwiftletTokenizers

/// The transformer encoder of BERT, from token ids to hidden states. Stores no weights; they come from the `Context`.
///
/// Devlin, Chang, Lee, Toutanova: BERT: pre-training of deep bidirectional transformers for language understanding,
/// NAACL 2019. The parts and their parameter names follow the reference implementation (`BertModel` of transformers).
package struct BertModel: Transformer {
  package static let modelTypes = ["bert"]

  /// The sizes and constants of the parts.
  package let bert: BertConfiguration

  /// All parameters, in the order of the parts.
  package let parameters: ParameterList

  let embeddings: InputEmbeddings
  let layers: [Layer]

  package init(_ config: inout ConfigurationReader) throws(ConfigurationError) {
    self.init(try BertConfiguration(&config))
  }

  init(_ configuration: BertConfiguration) {
    let scope = ParameterScope()
    bert = configuration
    var dropouts = DropoutSites(hidden: configuration.hiddenDropout, attention: configuration.attentionDropout)
    embeddings = InputEmbeddings(scope["embeddings"], configuration, &dropouts)
    layers = (0..<configuration.layerCount).map {
      Layer(scope["encoder"]["layer"]["\($0)"], configuration, &dropouts)
    }
    parameters = scope.list
  }

  package var configuration: TransformerConfiguration {
    TransformerConfiguration(
      architecture: BertModel.modelTypes[0], vocabularySize: bert.vocabularySize, hiddenSize: bert.hiddenSize,
      layerCount: bert.layerCount, maxPositions: bert.maxPositions, typeVocabularySize: bert.typeVocabularySize,
      padTokenID: bert.padTokenID)
  }

  /// The pooler. It predicts the next sentence and is not used for vectors of texts.
  package var companionTensors: [String] { ["pooler.dense.weight", "pooler.dense.bias"] }

  package func settingDropout(_ probability: Float) -> BertModel {
    var configuration = bert
    configuration.hiddenDropout = probability
    configuration.attentionDropout = probability
    return BertModel(configuration)
  }

  /// The hidden states of the last layer for all tokens, `[tokens, hidden]`.
  package func callAsFunction(
    _ batch: TokenBatch, reading rows: TokenRows, in context: Context, visit: (Variable) -> Void
  ) -> Features {
    var hiddenStates = embeddings(batch, in: context)
    visit(hiddenStates)
    for layer in layers {
      hiddenStates = layer(hiddenStates, sequenceStarts: batch.sequenceStarts, in: context)
      visit(hiddenStates)
    }
    return Features(vectors: hiddenStates, rows: (0..<batch.sequenceCount).map(batch.tokenRange))
  }
}

extension BertModel {
  /// Word, position and token type embeddings, summed and normalised.
  struct InputEmbeddings: Sendable {
    let words: Parameter
    let positions: Parameter
    let tokenTypes: Parameter
    let norm: LayerNorm
    let dropout: Dropout

    init(_ scope: ParameterScope, _ configuration: BertConfiguration, _ dropouts: inout DropoutSites) {
      let hidden = configuration.hiddenSize
      words = scope.table("word_embeddings", rows: configuration.vocabularySize, columns: hidden)
      positions = scope.table("position_embeddings", rows: configuration.maxPositions, columns: hidden)
      tokenTypes = scope.table("token_type_embeddings", rows: configuration.typeVocabularySize, columns: hidden)
      norm = scope.layerNorm("LayerNorm", features: hidden, epsilon: configuration.layerNormEpsilon)
      dropout = dropouts.hidden()
    }

    func callAsFunction(_ batch: TokenBatch, in context: Context) -> Variable {
      // The reference adds in this order.
      let sum = context.embedding(
        (words, batch.ids), (tokenTypes, batch.typeIDs), (positions, batch.positions))
      return dropout(context.layerNorm(sum, norm), batch.sequenceStarts, in: context)
    }
  }

  /// One block: self-attention, then the feed-forward network, each added to its input and normalised.
  struct Layer: Sendable {
    let attention: SelfAttention
    let feedForward: FeedForward

    init(_ scope: ParameterScope, _ configuration: BertConfiguration, _ dropouts: inout DropoutSites) {
      attention = SelfAttention(scope["attention"], configuration, &dropouts)
      feedForward = FeedForward(scope, configuration, &dropouts)
    }

    func callAsFunction(_ hiddenStates: Variable, sequenceStarts: [Int], in context: Context) -> Variable {
      let attended = attention(hiddenStates, sequenceStarts: sequenceStarts, in: context)
      return feedForward(attended, sequenceStarts: sequenceStarts, in: context)
    }
  }

  /// LayerNorm(x + dropout(MultiHead(x) W + b))
  struct SelfAttention: Sendable {
    let headCount: Int
    let queryKeyValue: Linear
    let weightDropout: Dropout
    let output: Linear
    let dropout: Dropout
    let norm: LayerNorm

    init(_ scope: ParameterScope, _ configuration: BertConfiguration, _ dropouts: inout DropoutSites) {
      let hidden = configuration.hiddenSize
      headCount = configuration.headCount
      queryKeyValue = scope["self"].linear("query", "key", "value", inputs: hidden, outputs: hidden)
      weightDropout = dropouts.attention()
      output = scope["output"].linear("dense", inputs: hidden, outputs: hidden)
      dropout = dropouts.hidden()
      norm = scope["output"].layerNorm("LayerNorm", features: hidden, epsilon: configuration.layerNormEpsilon)
    }

    func callAsFunction(_ x: Variable, sequenceStarts: [Int], in context: Context) -> Variable {
      let projections = context.linear(x, queryKeyValue)
      let heads = context.attention(
        projections, sequenceStarts: sequenceStarts, headCount: headCount,
        dropoutProbability: weightDropout.probability, op: weightDropout.op)
      let projected = dropout(context.linear(heads, output), sequenceStarts, in: context)
      return context.layerNorm(projected, residual: x, norm)
    }
  }

  /// LayerNorm(x + dropout(activation(x U + c) W + b))
  struct FeedForward: Sendable {
    let activation: Activation
    let intermediate: Linear
    let output: Linear
    let dropout: Dropout
    let norm: LayerNorm

    init(_ scope: ParameterScope, _ configuration: BertConfiguration, _ dropouts: inout DropoutSites) {
      let hidden = configuration.hiddenSize, inner = configuration.intermediateSize
      activation = configuration.activation
      intermediate = scope["intermediate"].linear("dense", inputs: hidden, outputs: inner)
      output = scope["output"].linear("dense", inputs: inner, outputs: hidden)
      dropout = dropouts.hidden()
      norm = scope["output"].layerNorm("LayerNorm", features: hidden, epsilon: configuration.layerNormEpsilon)
    }

    func callAsFunction(_ x: Variable, sequenceStarts: [Int], in context: Context) -> Variable {
      let inner = context.linear(x, intermediate, activation: activation)
      let projected = dropout(context.linear(inner, output), sequenceStarts, in: context)
      return context.layerNorm(projected, residual: x, norm)
    }
  }
}
