// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// What a model folder computes. sentence-transformers gives the files of both kinds the same names.
package enum ModelKind: Sendable {
  /// Vectors of texts.
  case sentenceEncoder
  /// Scores of pairs of texts.
  case crossEncoder

  /// `model_type` in config_sentence_transformers.json.
  var modelType: String {
    switch self {
    case .sentenceEncoder: "SentenceTransformer"
    case .crossEncoder: "CrossEncoder"
    }
  }

  /// `transformer_task` in sentence_bert_config.json.
  var transformerTask: String {
    switch self {
    case .sentenceEncoder: "feature-extraction"
    case .crossEncoder: "sequence-classification"
    }
  }

  /// Checks that a folder with modules.json is of this kind.
  ///
  /// - Throws: `ConfigurationError`, whose remedy names what the folder is good for, if it is of the other kind.
  func check(folder: String) throws {
    let place = try ModelKind.saysCrossEncoder(folder: folder)
    if self == .sentenceEncoder, let (path, key) = place {
      let problem = "says that this is a cross-encoder, which has no vectors"
      throw ConfigurationError(
        path: path, problems: [.inconsistent(key: key, problem: problem)],
        remedy: "open it with CrossEncoder, or with the program rerank")
    }
    if self == .crossEncoder, place == nil {
      throw ModelKind.noCrossEncoder(
        joinPath(folder, "modules.json"),
        .inconsistent(key: "the list of modules", problem: "is that of a sentence encoder, which scores no pairs"))
    }
  }

  /// Checks that config.json does not name a class without a classifier.
  func check(_ config: ConfigurationReader) throws {
    guard self == .crossEncoder, let name = config["architectures"]?.array?.first?.string,
      !name.hasSuffix("ForSequenceClassification")
    else { return }
    throw ModelKind.noCrossEncoder(
      config.path, .inconsistent(key: "architectures", problem: "is \(quoted(name)), which scores no pairs"))
  }

  private static func noCrossEncoder(_ path: String, _ problem: ConfigurationError.Problem) -> ConfigurationError {
    ConfigurationError(
      path: path, problems: [problem],
      remedy: "open it with SentenceEncoder, or with the program embed; rerank needs a cross-encoder's folder")
  }

  /// The file and key that say that the folder holds a cross-encoder; nil if nothing says so.
  private static func saysCrossEncoder(folder: String) throws -> (path: String, key: String)? {
    func value(_ name: String, _ key: String) throws -> JSONValue? {
      let path = joinPath(folder, name)
      return exists(path) ? try ConfigurationReader(path: path)[key] : nil
    }
    let (name, key) = (PromptConfiguration.fileName, "model_type")
    if let type = try value(name, key) {
      return type.string == ModelKind.crossEncoder.modelType ? (joinPath(folder, name), key) : nil
    }
    let (other, task) = (TransformerSettings.fileName, "transformer_task")
    let isClassifier = try value(other, task)?.string == ModelKind.crossEncoder.transformerTask
    return isClassifier ? (joinPath(folder, other), task) : nil
  }
}
