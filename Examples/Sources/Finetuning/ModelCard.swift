// SPDX-License-Identifier: Apache-2.0

import RunReport
import Swiftlet
import SwiftletFiles

/// The README.md of a tuned model: its use, data, scores and settings.
///
/// With the front matter that sentence-transformers writes, by which model hubs sort.
struct ModelCard {
  typealias Score = RunReport.Score

  /// The name of the folder that training started from.
  let baseModel: String
  /// The trainer that tuned it.
  let trainer: Trainer
  /// The loss, and how batches were drawn.
  let loss: LossChoice
  let batches: BatchSettings
  let isCrossEncoder: Bool
  /// What the data is, in words, and how many rows it has.
  let data: String
  let rowCount: Int
  /// What the scores were made on, in words; nil if there are none.
  let evaluationData: String?
  let scores: [Score]
  /// Whether the data is labeled texts.
  let isLabeled: Bool
  let stepCount: Int

  var text: String {
    """
    \(frontMatter)
    # \(inline(name))

    \(summary)
    Tuned with Swiftlet, on \(inline(data)).

    ## Use

    \(swiftSection)

    \(pythonSection)
    \(scoreSection)
    ## Training

    | Setting | Value |
    |-|-|
    \(rows.map { "| \($0.name) | \(inline($0.value)) |" }.joined(separator: "\n"))

    The same data, settings and base model give these weights again, to the bit.

    """
  }

  private var summary: String {
    isCrossEncoder
      ? "A cross-encoder: it scores how well two texts go together, for example a query and a document."
      : "A sentence encoder: it turns a text into \(trainer.dimension) numbers, and texts of alike meaning into numbers "
        + "whose cosine is high."
  }

  private var swiftSection: String {
    guard isCrossEncoder else {
      return """
        ```swift
        import Swiftlet
        let encoder = try SentenceEncoder(folder: "path/to/this/folder")
        let vectors = try encoder.encode(["One text.", "Another one."])
        print(vectors.cosineSimilarity(0, 1))
        ```
        """
    }
    return """
      ```swift
      import Swiftlet
      let encoder = try CrossEncoder(folder: "path/to/this/folder")
      for document in try encoder.rank(query: "A query.", documents: ["One text.", "Another one."]) {
        print(document.index, document.score)
      }
      ```
      """
  }

  /// What the model is called.
  var name: String {
    isNewWordAverage ? "Word average with the vocabulary of \(baseModel)" : "\(baseModel), fine-tuned"
  }

  private var isNewWordAverage: Bool { trainer.settings.encoder == .wordAverage }

  private var pythonSection: String {
    guard !isCrossEncoder else {
      return """
        ```python
        from sentence_transformers import CrossEncoder
        model = CrossEncoder("path/to/this/folder")
        print(model.rank("A query.", ["One text.", "Another one."]))
        ```
        """
    }
    return """
      ```python
      from sentence_transformers import SentenceTransformer
      model = SentenceTransformer("path/to/this/folder")
      vectors = model.encode(["One text.", "Another one."])
      print(model.similarity(vectors, vectors))
      ```
      """
  }

  private var frontMatter: String {
    let task = isCrossEncoder ? "text-ranking" : "sentence-similarity"
    var lines = ["---", "pipeline_tag: \(task)"]
    lines.append("library_name: sentence-transformers")
    if !isNewWordAverage { lines.append("base_model: \(quoted(baseModel))") }
    lines += ["tags:", "- sentence-transformers"]
    let tags = isCrossEncoder ? ["cross-encoder", "reranker"] : ["sentence-similarity", "feature-extraction", "dense"]
    lines += tags.map { "- \($0)" } + ["- dataset_size:\(rowCount)", "- loss:\(lossClass)"]
    if let evaluationData, !scores.isEmpty {
      lines += ["metrics:"] + scores.map { "- \($0.name)" }
      lines += [
        "model-index:", "- name: \(quoted(name))", "  results:", "  - task:",
        "      type: \(task)", "    dataset:", "      name: \(quoted(evaluationData))",
        "      type: unknown", "    metrics:",
      ]
      for score in scores { lines += ["    - type: \(score.name)", "      value: \(score.after)"] }
    }
    return (lines + ["---", ""]).joined(separator: "\n")
  }

  private var scoreSection: String {
    guard let evaluationData, !scores.isEmpty else { return "" }
    let rows = scores.map { "| \($0.name) | \($0.before.map(rounded) ?? "") | \(rounded($0.after)) |" }
    return """

      ## Scores

      On \(inline(evaluationData)), before and after:

      | Measure | Before | After |
      |-|-|-|
      \(rows.joined(separator: "\n"))

      """
  }

  /// A string of YAML, of which those of JSON are a part.
  private func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    JSONWriter.append(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Text for a line or a table's cell of Markdown.
  private func inline(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
          switch scalar {
          case "|", "`", "*", "_", "<", "[", "\\": ["\\", scalar]
          case _ where scalar.properties.generalCategory == .control: [" "]
          default: [scalar]
          }
        }))
  }
}

/// With four decimals.
func rounded(_ score: Double) -> String { fixed(score, 4) }
