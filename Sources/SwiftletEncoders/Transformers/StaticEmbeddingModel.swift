// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletFiles
import SwiftletTensors
package import SwiftletTokenizers
import SwiftletWeights

/// A model without attention: the vector of a text is the mean of its tokens' embeddings, which are the same in every
/// text. The vector of a text without tokens is 0.
///
/// The tokens that enclose a text, as [CLS], do not count. The model is the first module of its folder, in place of a
/// transformer, and has no config.json. Reference: `StaticEmbedding` of sentence-transformers, which also reads folders
/// of model2vec.
package struct StaticEmbeddingModel: Transformer {
  package static let moduleName = "StaticEmbedding"

  package let parameters: ParameterList

  /// `[V, E]`: an embedding of E numbers for each of V tokens.
  private let embeddings: Parameter

  /// The table's name in the weights file that was read.
  private let storedName: String

  private static let name = "embedding"

  /// Reads the sizes from the headers of the weights files.
  ///
  /// - Throws: The errors of `Checkpoint`; ``WeightError`` if there is no table; `ConfigurationError` for one of another
  ///   shape, or one that model2vec stores in parts.
  init(folder: String) throws {
    let checkpoint = try Checkpoint(folder: folder)
    let names = ["\(StaticEmbeddingModel.name).weight", "embeddings"]
    guard let table = names.lazy.compactMap({ checkpoint[$0] }).first else {
      throw WeightError(path: folder, problems: [.missing(name: names[0])])
    }
    func invalid(_ problem: ConfigurationError.Problem) -> ConfigurationError {
      ConfigurationError(path: joinPath(folder, "model.safetensors"), problems: [problem])
    }
    guard table.shape.count == 2, table.shape[0] > 0, table.shape[1] > 0 else {
      throw invalid(
        .inconsistent(key: table.name, problem: "has shape \(table.shape), but a table has rows and columns"))
    }
    if let part = ["mapping", "weights"].first(where: { checkpoint[$0] != nil }), table.name == names[1] {
      throw invalid(.unsupported(key: "the tensor", value: part, supported: ["a table with a row for each token"]))
    }
    self.init(vocabularySize: table.shape[0], dimension: table.shape[1], storedName: table.name)
  }

  private init(vocabularySize: Int, dimension: Int, storedName: String) {
    let scope = ParameterScope()
    embeddings = scope.table(StaticEmbeddingModel.name, rows: vocabularySize, columns: dimension)
    parameters = scope.list
    self.storedName = storedName
  }

  package var storedTensors: [NamedParameter] { [NamedParameter(name: storedName, parameter: embeddings)] }

  package var configuration: TransformerConfiguration {
    TransformerConfiguration(
      architecture: "static-embedding", vocabularySize: embeddings.shape[0], hiddenSize: embeddings.shape[1],
      layerCount: 0, maxPositions: 1 << 20, typeVocabularySize: 0, padTokenID: nil)
  }

  package var fixedPooling: [PoolingMode]? { [.mean] }

  package var uncountedTokenCount: Int { 2 }

  package func configurationFile(
    from original: JSONObject, followedBy modules: [any EncoderModule]
  ) -> JSONObject? { nil }

  package func settingDropout(_ probability: Float) throws(EncoderSettingsError) -> StaticEmbeddingModel {
    throw .noTransformer(for: "dropout")
  }

  /// The vectors of sequences, each enclosed in two special tokens, `[sequences, E]`.
  package func callAsFunction(
    _ batch: TokenBatch, reading rows: TokenRows, in context: Context, visit: (Variable) -> Void
  ) -> Features {
    var ids: [Int32] = [], ranges: [Range<Int>] = [], places: [Int] = []
    for sequence in 0..<batch.sequenceCount {
      let tokens = batch.tokenRange(of: sequence).dropFirst().dropLast(), start = ids.count
      ids += batch.ids[tokens]
      places.append(tokens.isEmpty ? -1 : ranges.count)
      if !tokens.isEmpty { ranges.append(start..<ids.count) }
    }
    var means = context.pooled(context.embedding((embeddings, ids)), over: ranges, [.mean])
    if ranges.count < places.count {
      let zero = context.constant(Tensor(zeros: [1, embeddings.shape[1]]))
      means = means.concatenated(with: zero).rows(places.map { $0 < 0 ? ranges.count : $0 })
    }
    return Features(vectors: means, rows: places.indices.map { $0..<$0 + 1 })
  }
}
