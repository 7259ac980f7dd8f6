// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
import ProgramSupport
import RunReport
public import Swiftlet

/// Tunes an encoder to a user's texts.
public struct FinetuneCommand: AsyncParsableCommand, Sendable {
  /// The processes that share the run, for programs that start several.
  @TaskLocal public static var group: (any TrainingGroup)?

  /// The name, the help and the version.
  public static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: group == nil ? "finetune" : "finetune-mpi",
      abstract: "Tunes a BERT sentence encoder, or a cross-encoder, to your texts.",
      discussion: """
        --train is a table in CSV, TSV or JSON Lines. Its columns say what it holds:

          text, label
          anchor, positive: the negatives are the other rows of a batch
          anchor, positive, negative, negative_2 ...
          sentence1, sentence2, score
          sentence1, sentence2, label: 1 for alike, else 0

        The anchor may be called query or question, the positive document, passage or answer; sentence1 and sentence2 \
        without a score or label are anchor and positive. In JSON Lines, pos and neg may be lists: each positive gives a \
        row, with all negatives.

        --eval is a table of any of these kinds, in this order with the score accuracy_at_1, mrr_at_10, accuracy, spearman \
        or ap, as evaluate has them.

        With --cross-encoder, pairs with scores or labels train binary-cross-entropy, and the other pairs \
        multiple-negatives-ranking; --eval is query, document, label, with the score ndcg_at_10.

        --output becomes a model folder for --model, for the library and for sentence-transformers, with a README.md and \
        a report.html that say how it came about.

        A run that was stopped, by Ctrl-C or worse, goes on when the same command is given again with --resume.
        """,
      version: swiftletVersion)
  }

  @OptionGroup(title: "Run") var options: RunOptions
  @OptionGroup(title: "Loss") var loss: LossOptions
  @OptionGroup(title: "Batches") var batches: BatchOptions
  @OptionGroup(title: "Mining") var mining: MiningOptions
  @OptionGroup(title: "Optimizer") var optimizer: OptimizerOptions
  @OptionGroup(title: "Tables") var tables: TableOptions
  @OptionGroup var common: CommonOptions

  /// Whether only errors are written.
  public var isQuiet: Bool { common.quiet }

  /// A command whose options are still to be parsed.
  public init() {}

  /// Throws for options that do not go together.
  public func validate() throws {
    if common.precision == .int8 {
      throw ValidationError("--precision int8 is for embedding; updates need float32 or bfloat16")
    }
  }

  /// Tunes the model and writes it. A signal stops it, after a checkpoint is saved.
  public func run() async throws {
    let tuning = Task { try await tune() }
    Interruption.handleSignals { tuning.cancel() }
    try await tuning.value
  }

  private func tune() async throws {
    let data = try tables.read(options.train, warn: common.warn)
    let evaluation = try options.eval.map {
      try tables.read($0, as: loss.crossEncoder ? .labeledPairs : nil, warn: common.warn)
    }
    try batches.validate(for: data)
    try mining.validate(for: loss.choice, on: data)
    let trainer = try Trainer(
      model: common.modelFolder(), data: data, loss: loss.choice, batches: batchSettings, evaluation: evaluation,
      settings: settings)
    // Of several processes the first writes for all.
    let group = FinetuneCommand.group, writes = group.map { $0.rank == 0 } ?? true
    let monitor = writes ? try RunMonitor(options, quiet: common.quiet) : nil
    defer { monitor?.clearProgress() }
    do {
      let result = try await trainer.run(
        output: options.output, resumes: options.resume, companions: [RunMonitor.logName], group: group
      ) { event in
        guard let monitor else { return }
        try monitor.report(event)
        if case .completing(let result) = event {
          let card = try modelCard(trainer, data, evaluation, result)
          try monitor.writeReport(on: card, result, try comparison(trainer, evaluation))
        }
      }
      if writes { try writeScores(result) }
    } catch is CancellationError {
      monitor?.finishInterrupted()
      try Interruption.exitIfInterrupted()
    }
  }

  private var settings: FineTuningSettings {
    var settings = FineTuningSettings()
    loss.apply(to: &settings)
    batches.apply(to: &settings)
    optimizer.apply(to: &settings)
    settings.maxLength = common.maxLength
    settings.precision = common.precision
    settings.threadCount = common.threads
    settings.evaluationInterval = options.evalEvery
    settings.patience = options.patience
    settings.checkpointInterval = options.checkpointEvery
    return settings
  }

  private var batchSettings: BatchSettings {
    var settings = BatchSettings()
    batches.apply(to: &settings)
    mining.apply(to: &settings)
    return settings
  }

  private func modelCard(
    _ trainer: Trainer, _ data: Dataset, _ evaluation: Dataset?, _ result: FineTuningResult
  ) throws -> ModelCard {
    try ModelCard(
      baseModel: lastComponent(of: common.modelFolder()), trainer: trainer,
      loss: loss.choice, batches: batchSettings, isCrossEncoder: loss.crossEncoder,
      data: description(of: data, options.train), rowCount: data.count,
      evaluationData: evaluation.flatMap { data in options.eval.map { description(of: data, $0) } },
      scores: scores(result), isLabeled: data.kind == .labeledTexts,
      stepCount: result.stepCount)
  }

  /// What the model as it was and the tuned one make of the evaluation's texts, if these have labels. The model is made
  /// again: a resumed run never had its vectors.
  private func comparison(_ trainer: Trainer, _ evaluation: Dataset?) throws -> EncoderComparison? {
    guard case .labeledTexts(let data) = evaluation, data.count >= 2 else { return nil }
    let tuned = trainer.tunedEncoder(), after = try tuned.encode(data.texts).tensor
    let before = try trainer.originalEncoder().encode(data.texts).tensor
    return EncoderComparison(data, before: before, after: after, onThreadsOf: tuned)
  }

  private func description(of data: Dataset, _ path: String) -> String {
    let rows =
      switch data {
      case .labeledTexts(let texts): "\(texts.count) texts with \(texts.labelNames.count) labels"
      case .triplets: "\(data.count) triplets"
      case .scoredPairs: "\(data.count) pairs with scores"
      case .labeledPairs: "\(data.count) pairs with labels"
      case .positivePairs: "\(data.count) pairs of texts that belong together"
      }
    return "\(lastComponent(of: path)), \(rows)"
  }

  private func scores(_ result: FineTuningResult) -> [ModelCard.Score] {
    (result.best?.evaluation.metrics ?? []).map {
      ModelCard.Score(name: $0.name, before: result.baseline?[$0.name], after: $0.value)
    }
  }

  /// What training did to the scores, as a table on standard output.
  private func writeScores(_ result: FineTuningResult) throws {
    let scores = scores(result)
    guard let widest = scores.map(\.name.count).max() else { return }
    let rows =
      [("", "before", "after")] + scores.map { ($0.name, $0.before.map(rounded) ?? "", rounded($0.after)) }
    let lines = rows.map { name, before, after in
      name + padding(widest + 9 - name.count - before.count) + before + padding(9 - after.count) + after + "\n"
    }
    try Output(path: nil).write(Array(lines.joined().utf8))
  }

  private func padding(_ count: Int) -> String { String(repeating: " ", count: max(count, 0)) }
}

/// The name of the file or folder at the end of a path.
private func lastComponent(of path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}
