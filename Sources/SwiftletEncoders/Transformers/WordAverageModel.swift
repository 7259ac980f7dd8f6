// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletFiles
package import SwiftletTensors
package import SwiftletTokenizers

/// A baseline without attention: relu(W (e_1 + … + e_n) / n + b), where e_i are the embeddings of a text's tokens
/// without the enclosing special tokens. A token has the same embedding in every text, and the order of tokens does not
/// matter.
///
/// For an empty text the special tokens are averaged. Letters of shapes: V vocabulary, E embedding, H vector.
///
/// Only this package reads its folders. They have no modules.json; config.json says whether vectors are scaled to unit
/// length.
package struct WordAverageModel: ConfiguredTransformer {
  package static let modelTypes = ["word-average"]
  package static let listsModules = false

  /// V: rows of the embeddings (`vocab_size`).
  package let vocabularySize: Int
  /// E (`embedding_size`).
  package let embeddingSize: Int
  /// H: the length of a text's vector (`hidden_size`).
  package let dimension: Int

  package let parameters: ParameterList

  /// `[V, E]`
  private let words: Parameter
  /// `[H, E]` and `[H]`
  private let projection: Linear

  init(vocabularySize: Int, embeddingSize: Int, dimension: Int) {
    let scope = ParameterScope()
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.dimension = dimension
    words = scope.table("embedding", rows: vocabularySize, columns: embeddingSize)
    projection = scope.linear("linear", inputs: embeddingSize, outputs: dimension)
    parameters = scope.list
  }

  package init(_ config: inout ConfigurationReader) throws(ConfigurationError) {
    let vocabularySize = config.integer("vocab_size", in: 1...1 << 24)
    let embeddingSize = config.integer("embedding_size", in: 1...1 << 16)
    let dimension = config.integer("hidden_size", in: 1...1 << 16)
    _ = config.bool("normalize", default: false)
    try config.finish()
    self.init(vocabularySize: vocabularySize, embeddingSize: embeddingSize, dimension: dimension)
  }

  package var configuration: TransformerConfiguration {
    TransformerConfiguration(
      architecture: WordAverageModel.modelTypes[0], vocabularySize: vocabularySize, hiddenSize: dimension,
      layerCount: 0, maxPositions: 1 << 20, typeVocabularySize: 1, padTokenID: nil)
  }

  package var fixedPooling: [PoolingMode]? { [.mean] }

  package func defaultModules(_ config: ConfigurationReader) -> [any EncoderModule] {
    config["normalize"]?.bool == true ? [NormalizationModule()] : []
  }

  package func configurationFile(from original: JSONObject, followedBy modules: [any EncoderModule]) -> JSONObject? {
    [
      "model_type": .string(WordAverageModel.modelTypes[0]), "vocab_size": .number(JSONNumber(vocabularySize)),
      "embedding_size": .number(JSONNumber(embeddingSize)), "hidden_size": .number(JSONNumber(dimension)),
      "normalize": .bool(modules.last is NormalizationModule),
    ]
  }

  package func settingDropout(_ probability: Float) throws(EncoderSettingsError) -> WordAverageModel {
    throw .noTransformer(for: "dropout")
  }

  /// The vectors of sequences, each enclosed in two special tokens, `[sequences, H]`.
  package func callAsFunction(
    _ batch: TokenBatch, reading rows: TokenRows, in context: Context, visit: (Variable) -> Void
  ) -> Features {
    var ids: [Int32] = [], ranges: [Range<Int>] = []
    for sequence in 0..<batch.sequenceCount {
      let tokens = batch.tokenRange(of: sequence), start = ids.count
      ids += batch.ids[tokens.count > 2 ? tokens.dropFirst().dropLast() : tokens]
      ranges.append(start..<ids.count)
    }
    let means = context.pooled(context.embedding((words, ids)), over: ranges, [.mean])
    let vectors = context.linear(means, projection, activation: .relu)
    return Features(vectors: vectors, rows: ranges.indices.map { $0..<$0 + 1 })
  }
}

extension EncoderPipeline {
  /// Replaces the transformer of a folder by a new word average with initial weights. Its vectors and embeddings have
  /// the size of the transformer's hidden states.
  ///
  /// - Parameter random: the random numbers of the initial weights.
  /// - Throws: the errors of ``init(_:settings:dropout:)``; ``EncoderSettingsError`` if the settings have pooling
  ///   modes.
  package static func newWordAverage(
    in folder: ModelFolder, settings: EncoderSettings, kernels: Kernels, random: Philox
  ) throws -> (encoder: EncoderPipeline, weights: TrainableWeights) {
    let old = folder.transformer.configuration
    let model = WordAverageModel(
      vocabularySize: old.vocabularySize, embeddingSize: old.hiddenSize, dimension: old.hiddenSize)
    try settings.checkPooling(of: model)
    var settings = settings
    settings.pooling = nil
    // Keep the maximum length of the folder's own encoder.
    var encoder = try EncoderPipeline(folder, settings: settings)
    encoder.folder.transformer = model
    encoder.folder.parameters = model.parameters
    encoder.folder.weightFolders = [WeightFolder(of: model, path: folder.transformerPath)]
    // Its folder has no other modules.
    encoder.folder.modules = encoder.folder.normalizes ? [NormalizationModule()] : []
    encoder.folder.transformerSettings = TransformerSettings(
      maxSequenceLength: encoder.maxLength, lowercasesText: folder.transformerSettings.lowercasesText)
    return (encoder, model.initialWeights(random, kernels: kernels, on: encoder.pool))
  }
}

extension WordAverageModel {
  /// Initial weights, distributed like those of PyTorch's layers: embeddings nearly normal with mean 0 and variance 1,
  /// the linear layer uniform between ±1/√E.
  ///
  /// - Parameter random: gives each number by its parameter and index.
  func initialWeights(_ random: Philox, kernels: Kernels, on pool: ThreadPool) -> TrainableWeights {
    func bits(_ parameter: Parameter, _ element: Int) -> SIMD4<UInt32> {
      random.block([UInt32(truncatingIfNeeded: element), UInt32(element >> 32), UInt32(parameter.index), 0])
    }
    func halves(_ word: UInt32) -> UInt32 { (word & 0xFFFF) &+ (word &>> 16) }
    let embeddings = Tensor(uninitialized: [vocabularySize, embeddingSize])
    // The sum of eight uniform numbers, here of 16 bits, is nearly normal and needs no logarithm. Its variance is 8/12.
    let scale = Float(1.5).squareRoot() / 65536
    pool.run(count: vocabularySize) { row, _ in
      let values = embeddings.matrix.row(row)
      for column in 0..<embeddingSize {
        let bits = bits(words, row * embeddingSize + column)
        let sum = halves(bits.x) &+ halves(bits.y) &+ halves(bits.z) &+ halves(bits.w)
        values[column] = (Float(sum) - 4 * 65535) * scale
      }
    }
    let layout = ParameterLayout(parameters), dense = TensorBuffer(count: layout.count)
    VectorView(dense).fill(0)
    let bound = 1 / Float(embeddingSize).squareRoot()
    for parameter in projection.parts.map(\.weight) + projection.biases {
      let values = VectorView(dense, layout[parameter])
      for element in 0..<parameter.count {
        values[element] = (Float(bits(parameter, element).x >> 8) * 0x1p-23 - 1) * bound
      }
    }
    return TrainableWeights(
      layout, dense: dense, tables: [words.index: EmbeddingTable(StoredTable(float32: embeddings.matrix))],
      kernels: kernels)
  }
}
