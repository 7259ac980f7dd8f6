// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// Embeds texts: one vector a text.
@main
struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Embeds texts with a BERT sentence encoder.",
    discussion: """
      Texts given as arguments print a table of their similarities, unless --format asks for the vectors.
      With --input, each line is a text, and each result a line of JSON unless --format says otherwise:
        text         the vector's numbers, separated by spaces
        jsonl        {"text":…,"embedding":[…],"truncated":false}
        npy          a NumPy array, float32, a row a text; not to a pipe
        safetensors  the same as the tensor "embeddings"; not to a pipe
      Results are in the order of the texts, one for each line. Blank lines of --json-field are skipped, so that row i \
      is that of the i-th object. If a line is bad, the texts before it are embedded first.
      """,
    version: swiftletVersion)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: InputOptions

  @Option(help: ArgumentHelp("Where the results go (default: standard output).", valueName: "file"))
  var output: String?

  @Option(help: "What the results look like.")
  var format: Format?

  @Option(
    help: ArgumentHelp(
      "From tokens to a vector: \(PoolingModes.listing), or several with + between.", valueName: "mode"))
  var pooling: PoolingModes?

  @Flag(inversion: .prefixedNo, help: "Scale vectors to unit length, or not, whatever the model folder says.")
  var normalize: Bool?

  @Option(help: ArgumentHelp("Keep the first numbers of each vector.", valueName: "n"))
  var truncateDim: Int?

  @Option(help: ArgumentHelp("Put the model's prompt of this name before each text.", valueName: "name"))
  var prompt: String?

  @Option(
    help: ArgumentHelp(
      "Keep vectors for equal texts, in so many bytes; those used last. Equal texts are then computed once.",
      valueName: "n"))
  var cacheBytes = 0

  @Flag(
    help: "Leave embedding tables in their file: a sooner start, less memory. Nobody may cut or write to it meanwhile.")
  var mapTables = false

  func validate() throws {
    try input.check()
    if cacheBytes > 0 && input.input == nil { throw ValidationError("--cache-bytes goes with --input") }
    if cacheBytes < 0 { throw ValidationError("--cache-bytes is \(cacheBytes); give a number from 0") }
    if let truncateDim, truncateDim < 1 {
      throw ValidationError("--truncate-dim is \(truncateDim); give at least 1")
    }
    if let format, format.arrayHeader != nil, !Output.canRewind(output) {
      throw ValidationError(
        "--format \(format.rawValue) completes its header at the end; a pipe cannot: give --output FILE")
    }
  }

  func run() throws {
    Interruption.handleSignals()
    let encoder = try common.encoder { settings in
      settings.pooling = pooling?.modes
      settings.normalize = normalize
      settings.truncateDimension = truncateDim
      settings.mapsEmbeddingTables = mapTables
    }
    var report = TruncationReport(maxLength: encoder.maxLength, warn: common.warn)
    let output = try Output(path: output)
    if input.input == nil && format == nil {
      try writeTable(input.texts, encoder, &report, to: output)
      return try output.finish()
    }
    var writer = try VectorWriter(format: format ?? .jsonl, dimension: encoder.dimension, output: output)
    var progress = ProgressBar(counting: "texts", quiet: common.quiet)
    let cache = cacheBytes > 0 ? EmbeddingCache(byteLimit: cacheBytes) : nil
    try input.forEachBatch(warn: common.warn) { batch in
      let embeddings =
        if let cache {
          try encoder.encode(batch.texts, prompt: prompt, cache: cache)
        } else {
          try encoder.encode(batch.texts, prompt: prompt)
        }
      if !embeddings.truncated.isEmpty { progress.clear() }
      for index in embeddings.truncated { report.add(batch.place(of: index)) }
      try writer.write(batch.texts, embeddings)
      progress.update(count: writer.count, fraction: batch.fractionRead)
    }
    progress.clear()
    report.finish()
    let count = writer.count
    try writer.finish()
    if let cache, !common.quiet { StandardError.print("computed \(cache.status.computed) of \(count) texts") }
  }

  private func writeTable(
    _ texts: [String], _ encoder: SentenceEncoder, _ report: inout TruncationReport,
    to output: borrowing Output
  ) throws {
    let embeddings = try encoder.encode(texts, prompt: prompt)
    for index in embeddings.truncated { report.add("text \(index + 1)") }
    report.finish()
    try output.write(Array(similarityTable(texts, embeddings).utf8))
  }
}
