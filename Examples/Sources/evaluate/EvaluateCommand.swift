// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletFiles

/// Measures how well an encoder's vectors serve a task.
@main
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures how well a BERT sentence encoder serves a task, on labeled data.",
    discussion: """
      Prints one JSON object. Tables are CSV, TSV or JSON Lines; the task says with \
      which columns, and what is measured by the cosines of vectors:

        knn        text, label
                   accuracy_at_1, centroid_accuracy, precision_at_1, r_precision
                   and map_at_r of each text among those of --train; without it
                   among the others
        triplet    anchor, positive, negative, negative_2 ...
                   accuracy: the part of the negatives that are farther
        sts        sentence1, sentence2, score
                   pearson and spearman of cosines and scores
        pairs      sentence1, sentence2, label: 1 for alike, else 0
                   best accuracy and f1 with the threshold of each, precision and
                   recall at that of f1, ap
        positives  anchor, positive, or query, document and the like
                   accuracy_at_1 and mrr_at_10 of each anchor's positive among the
                   positives of all rows; of several the nearest counts
        retrieval  text, label
                   precision, recall, mrr, ndcg and map by k, where each text looks
                   for those of its label in --train; without it among the others
        rerank     query, document, label: 1 for relevant, else 0, with --model a
                   cross-encoder
                   accuracy at the best threshold and ap of all pairs, mrr_at_10
                   and ndcg_at_10 of each query's documents
      """,
    version: swiftletVersion)

  @Option(help: ArgumentHelp("What to measure.", valueName: "name"))
  var task: EvaluationTask

  @Option(help: ArgumentHelp("The table to measure on.", valueName: "file"))
  var data: String

  @Option(
    help: ArgumentHelp("For knn and retrieval: the labeled texts among which neighbors are found.", valueName: "file"))
  var train: String?

  @OptionGroup var common: CommonOptions
  @OptionGroup var tables: TableOptions

  func validate() throws {
    if train != nil && task.kind != .labeledTexts {
      throw ValidationError("--train goes with --task knn or retrieval")
    }
  }

  func run() throws {
    Interruption.handleSignals()
    let evaluator = try evaluator()
    evaluator.warnings.forEach(common.warn)
    let evaluation = try evaluate(evaluator)
    evaluation.warnings.forEach(common.warn)
    var line: [UInt8] = []
    JSONWriter.append(json(evaluation), to: &line)
    let output = try Output(path: nil)
    try output.write(line + [UInt8(ascii: "\n")])
    try output.finish()
  }

  private func evaluate(_ evaluator: Evaluator) throws -> Evaluation {
    if task == .rerank { return try evaluator.evaluate(common.crossEncoder()) }
    let encoder = try common.encoder(), vectors = try embed(evaluator.texts, with: encoder)
    return try evaluator.evaluate(vectors, onThreadsOf: encoder)
  }

  private func evaluator() throws -> Evaluator {
    let dataset = try tables.read(data, as: task.kind, warn: common.warn)
    if task == .rerank, case .labeledPairs(let pairs) = dataset { return Evaluator(rerankingOf: pairs) }
    guard case .labeledTexts(let texts) = dataset else { return try Evaluator(dataset) }
    let references = try train.map(labeledTexts)
    return try task == .retrieval
      ? Evaluator(retrievalFor: texts, from: references) : Evaluator(dataset, references: references)
  }

  private func labeledTexts(_ path: String) throws -> LabeledTexts {
    guard case .labeledTexts(let texts) = try tables.read(path, as: .labeledTexts, warn: common.warn) else {
      preconditionFailure("a table of another kind than asked for")
    }
    return texts
  }

  private func embed(_ texts: [String], with encoder: SentenceEncoder) throws -> Tensor {
    let batch = 1024
    var values: [Float] = [], truncated = 0
    values.reserveCapacity(texts.count * encoder.dimension)
    var progress = ProgressBar(counting: "texts", quiet: common.quiet)
    for start in stride(from: 0, to: texts.count, by: batch) {
      let end = min(start + batch, texts.count)
      let embeddings = try encoder.encode(Array(texts[start..<end]))
      values += embeddings.tensor.values
      truncated += embeddings.truncated.count
      progress.update(count: end, fraction: Double(end) / Double(texts.count))
    }
    progress.clear()
    if truncated > 0 {
      common.warn("\(truncated) of \(texts.count) texts were cut to \(encoder.maxLength) tokens")
    }
    return Tensor(values, shape: [texts.count, encoder.dimension])
  }

  /// The metrics by their names, `ndcg_at_10` of retrieval by name and k; one that is undefined is null.
  private func json(_ evaluation: Evaluation) -> JSONValue {
    var object = JSONObject()
    for metric in evaluation.metrics {
      let value: JSONValue = metric.value.isNaN ? .null : .number(JSONNumber(metric.value))
      guard task == .retrieval else {
        object[metric.name] = value
        continue
      }
      let parts = metric.name.split(separator: "_at_").map(String.init)
      var values = object[parts[0]]?.object ?? JSONObject()
      values[parts[1]] = value
      object[parts[0]] = .object(values)
    }
    return .object(object)
  }
}
