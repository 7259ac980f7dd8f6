// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles
package import SwiftletTensors
import SwiftletTokenizers

// A baseline without attention: relu(W (e_1 + … + e_n) / n + b), where e_i are the embeddings of a text's tokens. A token
// has the same embedding in every text, and the order of tokens does not matter. In sentence-transformers, and in the
// folders that are written, this is StaticEmbedding followed by Dense.

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
    let folder = try folder.withWordAverage(), encoder = try EncoderPipeline(folder, settings: settings)
    return (encoder, folder.parameters.initialWeights(random, kernels: kernels, on: encoder.pool))
  }
}

extension ModelFolder {
  /// A folder with the same tokens and prompts. If vectors have unit length here, they have it there.
  fileprivate func withWordAverage() throws -> ModelFolder {
    var folder = self
    let sizes = transformer.configuration, size = sizes.hiddenSize
    let model = StaticEmbeddingModel(vocabularySize: sizes.vocabularySize, dimension: size)
    // sentence-transformers reads no other file of a tokenizer for static embeddings.
    if !exists(joinPath(transformerPath, "tokenizer.json")) {
      folder.newTokenizer = try tokenizer().withoutSpecialTokens()
    }
    let scope = ParameterScope(after: model.parameters)
    let dense = DenseModule(
      inputs: size, outputs: size, activation: .relu, scope: scope[ModuleList.folderName(1, DenseModule.self)])
    folder.transformer = model
    folder.transformerSettings = TransformerSettings()
    folder.modules = [dense] + (normalizes ? [NormalizationModule()] : [])
    folder.parameters = scope.list
    folder.weightFolders = [WeightFolder(of: model, path: path), WeightFolder(path: path, tensors: dense.tensors)]
    return folder
  }
}

extension ParameterList {
  /// Initial weights of a table and a linear map, distributed like those of PyTorch's layers: embeddings nearly normal
  /// with mean 0 and variance 1, the map of E inputs uniform between ±1/√E.
  ///
  /// - Parameter random: gives each number by its parameter and index.
  fileprivate func initialWeights(_ random: Philox, kernels: Kernels, on pool: ThreadPool) -> TrainableWeights {
    func bits(_ parameter: Parameter, _ element: Int) -> SIMD4<UInt32> {
      random.block([UInt32(truncatingIfNeeded: element), UInt32(element >> 32), UInt32(parameter.index), 0])
    }
    func halves(_ word: UInt32) -> UInt32 { (word & 0xFFFF) &+ (word &>> 16) }
    let words = tables[0], projection = linears[0], size = words.shape[1]
    let embeddings = Tensor(uninitialized: words.shape)
    // The sum of eight uniform numbers, here of 16 bits, is nearly normal and needs no logarithm. Its variance is 8/12.
    let scale = Float(1.5).squareRoot() / 65536
    pool.run(count: words.shape[0]) { row, _ in
      let values = embeddings.matrix.row(row)
      for column in 0..<size {
        let bits = bits(words, row * size + column)
        let sum = halves(bits.x) &+ halves(bits.y) &+ halves(bits.z) &+ halves(bits.w)
        values[column] = (Float(sum) - 4 * 65535) * scale
      }
    }
    let layout = ParameterLayout(self), dense = TensorBuffer(count: layout.count)
    VectorView(dense).fill(0)
    let bound = 1 / Float(size).squareRoot()
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
