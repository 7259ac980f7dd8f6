// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletFiles
import SwiftletTensors
package import SwiftletTokenizers
import SwiftletWeights

/// A model without attention: the vector of a text is the mean of its tokens' embeddings, which are the same in every
/// text. The vector of a text without tokens is 0.
///
/// There are no special tokens around a text, and of the tokenizer's files only tokenizer.json counts. The model is the
/// first module of its folder, in place of a transformer, and has no config.json. Reference: `StaticEmbedding` of
/// sentence-transformers, which also reads folders of model2vec.
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
  /// - Throws: The errors of `ModelTensors`; ``WeightError`` if there is no table; `ConfigurationError` for one of another
  ///   shape, or one that model2vec stores in parts.
  init(folder: String) throws {
    let tensors = try ModelTensors(folder: folder)
    let names = ["\(StaticEmbeddingModel.name).weight", "embeddings"]
    guard let table = names.lazy.compactMap({ tensors[$0] }).first else {
      throw WeightError(path: folder, problems: [.missing(name: names[0])])
    }
    func invalid(_ problem: ConfigurationError.Problem) -> ConfigurationError {
      ConfigurationError(path: joinPath(folder, "model.safetensors"), problems: [problem])
    }
    guard table.shape.count == 2, table.shape[0] > 0, table.shape[1] > 0 else {
      throw invalid(
        .inconsistent(key: table.name, problem: "has shape \(table.shape), but a table has rows and columns"))
    }
    if let part = ["mapping", "weights"].first(where: { tensors[$0] != nil }), table.name == names[1] {
      throw invalid(.unsupported(key: "the tensor", value: part, supported: ["a table with a row for each token"]))
    }
    self.init(vocabularySize: table.shape[0], dimension: table.shape[1], storedName: table.name)
  }

  /// A table without numbers.
  init(vocabularySize: Int, dimension: Int, storedName: String = "\(Self.name).weight") {
    let scope = ParameterScope()
    embeddings = scope.table(StaticEmbeddingModel.name, rows: vocabularySize, columns: dimension)
    parameters = scope.list
    self.storedName = storedName
  }

  package var classificationHead: ClassificationHeadParts? { nil }

  package var storedTensors: [NamedParameter] { [NamedParameter(name: storedName, parameter: embeddings)] }

  package var configuration: TransformerConfiguration {
    TransformerConfiguration(
      architecture: "static-embedding", vocabularySize: embeddings.shape[0], hiddenSize: embeddings.shape[1],
      layerCount: 0, maxPositions: 1 << 20, typeVocabularySize: 0, padTokenID: nil)
  }

  package var fixedPooling: [PoolingMode]? { [.mean] }

  package var acceptsEmptyTexts: Bool { true }

  package func tokenizer(folder: String) throws -> Tokenizer {
    try Tokenizer(tokenizerFile: joinPath(folder, "tokenizer.json")).withoutSpecialTokens()
  }

  package func configurationFile(from original: JSONObject) -> JSONObject? { nil }

  package func settingDropout(_ probability: Float) throws(EncoderSettingsError) -> StaticEmbeddingModel {
    throw .noTransformer(for: "dropout")
  }

  /// The vectors of sequences, `[sequences, E]`.
  package func callAsFunction(
    _ batch: TokenBatch, reading rows: TokenRows, in context: Context, visit: (Variable) -> Void
  ) -> Features {
    let ranges = (0..<batch.sequenceCount).map { batch.tokenRange(of: $0) }
    let filled = ranges.filter { !$0.isEmpty }
    let zero = context.constant(Tensor(zeros: [1, embeddings.shape[1]]))
    var vectors = zero
    if !filled.isEmpty {
      vectors = context.pooled(context.embedding((embeddings, batch.ids)), over: filled, [.mean])
    }
    if filled.count < ranges.count {
      // The vector of empty texts is the last row.
      if !filled.isEmpty { vectors = vectors.concatenated(with: zero) }
      var next = 0
      vectors = vectors.rows(
        ranges.map { range in
          if range.isEmpty { return filled.count }
          defer { next += 1 }
          return next
        })
    }
    return Features(vectors: vectors, rows: ranges.indices.map { $0..<$0 + 1 })
  }
}
