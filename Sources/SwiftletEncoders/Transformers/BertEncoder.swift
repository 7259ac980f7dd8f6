// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletTensors
import SwiftletTokenizers

/// BERT's parts put together: embeddings, then layers of attention and feed-forward. Stores no weights; they come from
/// the `Context`.
///
/// Other architectures have the same parts under other names, and some more or fewer; ``BertParts`` says which.
package struct BertEncoder: Sendable {
  package let configuration: BertConfiguration

  /// All parameters, in the order of the parts.
  package let parameters: ParameterList

  private let parts: BertParts
  private let embeddings: InputEmbeddings
  private let relativePositions: RelativePositionBias?
  private let layers: [Layer]

  package init(_ configuration: BertConfiguration, _ parts: BertParts = BertParts()) {
    let scope = ParameterScope()
    self.configuration = configuration
    self.parts = parts
    var dropouts = DropoutSites(hidden: configuration.hiddenDropout, attention: configuration.attentionDropout)
    embeddings = InputEmbeddings(scope, configuration, &dropouts)
    relativePositions = parts.relativePositions.map {
      RelativePositionBias(scope, $0.name, buckets: $0.bucketCount, heads: configuration.headCount)
    }
    layers = (0..<configuration.layerCount).map {
      Layer(scope[parts.layers]["\($0)"], configuration, parts, &dropouts)
    }
    parameters = scope.list
  }

  func settingDropout(_ probability: Float) -> BertEncoder {
    var configuration = configuration
    configuration.hiddenDropout = probability
    configuration.attentionDropout = probability
    return BertEncoder(configuration, parts)
  }

  /// The hidden states of the last layer, `[tokens, hidden]`, or `[texts, hidden]` if one token of each text is read: the
  /// last layer then computes its state alone, from the keys and values of all tokens. It has the same bits.
  func callAsFunction(
    _ batch: TokenBatch, reading rows: TokenRows, in context: Context, visit: (Variable) -> Void
  ) -> Features {
    var hiddenStates = embeddings(batch, in: context)
    visit(hiddenStates)
    let bias = relativePositions.map { $0(batch, in: context) }
    let read = readTokens(batch, rows, in: context)
    for (index, layer) in layers.enumerated() {
      let read = index == layers.count - 1 ? read : nil
      hiddenStates = layer(hiddenStates, bias: bias, sequenceStarts: batch.sequenceStarts, reading: read, in: context)
      visit(hiddenStates)
    }
    if read != nil, !layers.isEmpty {
      return Features(vectors: hiddenStates, rows: (0..<batch.sequenceCount).map { $0..<$0 + 1 })
    }
    return Features(
      vectors: hiddenStates, rows: (0..<batch.sequenceCount).map(batch.tokenRange), skippedTokens: batch.skippedTokens)
  }

  /// The one token of each text that is read; nil if all are.
  private func readTokens(_ batch: TokenBatch, _ rows: TokenRows, in context: Context) -> ReadTokens? {
    switch rows {
    case .first: return ReadTokens([Int](repeating: 0, count: batch.sequenceCount), of: batch)
    case .last:
      // Dropout of hidden states counts a text's tokens from 0, so of the first alone it is the same.
      guard context.dropout == nil else { return nil }
      return ReadTokens((0..<batch.sequenceCount).map { batch.tokenRange(of: $0).count - 1 }, of: batch)
    case .all: return nil
    }
  }

  /// The one token of each text whose state is wanted of the last layer.
  private struct ReadTokens {
    /// Its place in its text.
    let offsets: [Int]
    /// Its row in the batch.
    let rows: [Int]
    /// Where texts of these tokens alone start: 0, 1, …, the number of texts.
    let starts: [Int]

    init(_ offsets: [Int], of batch: TokenBatch) {
      self.offsets = offsets
      rows = zip(batch.sequenceStarts, offsets).map { $0 + $1 }
      starts = Array(0...offsets.count)
    }
  }
}

/// The names of an architecture's tensors, and the parts in which it differs from BERT. The defaults are BERT's.
package struct BertParts: Sendable {
  /// The prefix of the layers: the first one's tensors begin with `encoder.layer.0`.
  var layers = "encoder.layer"
  var query = "attention.self.query"
  var key = "attention.self.key"
  var value = "attention.self.value"
  var attentionOutput = "attention.output.dense"
  var attentionNorm = "attention.output.LayerNorm"
  var intermediate = "intermediate.dense"
  var output = "output.dense"
  var outputNorm = "output.LayerNorm"
  /// Whether training drops elements of the attention's output.
  var dropsAttentionOutput = true
  /// The table of a bias that the layers' attention scores share; nil for none.
  var relativePositions: (name: String, bucketCount: Int)?

  package init() {}
}

extension BertEncoder {
  /// Word, position and token type embeddings, summed and normalized; then projected if they have another size than
  /// hidden states.
  private struct InputEmbeddings: Sendable {
    let words: Parameter
    let positions: Parameter
    let tokenTypes: Parameter?
    let numbering: PositionNumbering
    let norm: LayerNorm
    let dropout: Dropout
    let projection: Linear?

    init(_ model: ParameterScope, _ configuration: BertConfiguration, _ dropouts: inout DropoutSites) {
      let scope = model["embeddings"], size = configuration.embeddingSize
      words = scope.table("word_embeddings", rows: configuration.vocabularySize, columns: size)
      positions = scope.table("position_embeddings", rows: configuration.positionCount, columns: size)
      let types = configuration.typeVocabularySize
      tokenTypes = types > 0 ? scope.table("token_type_embeddings", rows: types, columns: size) : nil
      numbering = configuration.positions
      norm = scope.layerNorm("LayerNorm", features: size, epsilon: configuration.layerNormEpsilon)
      dropout = dropouts.hidden()
      let hidden = configuration.hiddenSize
      projection = size == hidden ? nil : model.linear("embeddings_project", inputs: size, outputs: hidden)
    }

    func callAsFunction(_ batch: TokenBatch, in context: Context) -> Variable {
      // The reference adds in this order.
      var lookups: [(table: Parameter, indices: [Int32])] = [(words, batch.ids)]
      if let tokenTypes { lookups.append((tokenTypes, batch.typeIDs)) }
      lookups.append((positions, batch.positions(numbering)))
      let embedded = dropout(context.layerNorm(context.embedding(lookups), norm), batch.sequenceStarts, in: context)
      return projection.map { context.linear(embedded, $0) } ?? embedded
    }
  }

  /// One block: self-attention, then the feed-forward network, each added to its input and normalized.
  private struct Layer: Sendable {
    let attention: SelfAttention
    let feedForward: FeedForward

    init(
      _ scope: ParameterScope, _ configuration: BertConfiguration, _ parts: BertParts, _ dropouts: inout DropoutSites
    ) {
      attention = SelfAttention(scope, configuration, parts, &dropouts)
      feedForward = FeedForward(scope, configuration, parts, &dropouts)
    }

    /// - Parameter read: the one token of each text whose state is wanted; nil: all are.
    func callAsFunction(
      _ hiddenStates: Variable, bias: Variable?, sequenceStarts: [Int], reading read: ReadTokens?, in context: Context
    ) -> Variable {
      let attended = attention(hiddenStates, bias: bias, sequenceStarts: sequenceStarts, reading: read, in: context)
      return feedForward(attended, sequenceStarts: read?.starts ?? sequenceStarts, in: context)
    }
  }

  /// LayerNorm(x + dropout(MultiHead(x) W + b))
  private struct SelfAttention: Sendable {
    let headCount: Int
    let queryKeyValue: Linear
    let weightDropout: Dropout
    let output: Linear
    let dropout: Dropout?
    let norm: LayerNorm

    init(
      _ scope: ParameterScope, _ configuration: BertConfiguration, _ parts: BertParts, _ dropouts: inout DropoutSites
    ) {
      let hidden = configuration.hiddenSize
      headCount = configuration.headCount
      queryKeyValue = scope.linear(parts.query, parts.key, parts.value, inputs: hidden, outputs: hidden)
      weightDropout = dropouts.attention()
      output = scope.linear(parts.attentionOutput, inputs: hidden, outputs: hidden)
      dropout = parts.dropsAttentionOutput ? dropouts.hidden() : nil
      norm = scope.layerNorm(parts.attentionNorm, features: hidden, epsilon: configuration.layerNormEpsilon)
    }

    func callAsFunction(
      _ x: Variable, bias: Variable?, sequenceStarts: [Int], reading read: ReadTokens?, in context: Context
    ) -> Variable {
      let residual = read.map { x.rows($0.rows) } ?? x
      let projections =
        read.map { context.linear(x, queryKeyValue, firstPartOf: $0.rows, gathered: residual.tensor) }
        ?? context.linear(x, queryKeyValue)
      let heads = context.attention(
        projections, bias: bias, sequenceStarts: sequenceStarts, queries: read?.offsets, headCount: headCount,
        dropoutProbability: weightDropout.probability, op: weightDropout.op)
      let projected = context.linear(heads, output)
      let starts = read?.starts ?? sequenceStarts
      let dropped = dropout.map { $0(projected, starts, in: context) } ?? projected
      return context.layerNorm(dropped, residual: residual, norm)
    }
  }

  /// LayerNorm(x + dropout(activation(x U + c) W + b))
  private struct FeedForward: Sendable {
    let activation: Activation
    let intermediate: Linear
    let output: Linear
    let dropout: Dropout
    let norm: LayerNorm

    init(
      _ scope: ParameterScope, _ configuration: BertConfiguration, _ parts: BertParts, _ dropouts: inout DropoutSites
    ) {
      let hidden = configuration.hiddenSize, inner = configuration.intermediateSize
      activation = configuration.activation
      intermediate = scope.linear(parts.intermediate, inputs: hidden, outputs: inner)
      output = scope.linear(parts.output, inputs: inner, outputs: hidden)
      dropout = dropouts.hidden()
      norm = scope.layerNorm(parts.outputNorm, features: hidden, epsilon: configuration.layerNormEpsilon)
    }

    func callAsFunction(_ x: Variable, sequenceStarts: [Int], in context: Context) -> Variable {
      let mapped = context.feedForward(x, intermediate, activation, output)
      let projected = dropout(mapped, sequenceStarts, in: context)
      return context.layerNorm(projected, residual: x, norm)
    }
  }
}
