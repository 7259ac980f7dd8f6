// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletFiles

/// Shows the tokens of texts, or the text of tokens.
@main
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Splits texts into the tokens of a BERT model, or puts tokens together again.",
    discussion: """
      Each text gives a line:
        ids     the tokens' ids, separated by spaces
        tokens  the tokens, separated by spaces
        jsonl   {"ids":[…],"tokens":[…],"offsets":[[start,end],…],"type_ids":[…]}; offsets in Unicode scalars
      Nothing is cut unless --max-length asks for it.
      """,
    version: swiftletVersion)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case ids, tokens, jsonl
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: InputOptions

  @Option(help: "What the results look like.")
  var format: Format = .ids

  @Option(help: ArgumentHelp("A file whose lines are the second texts of pairs.", valueName: "file"))
  var pair: String?

  @Flag(help: "Leave out the special tokens: do not add them, or with --decode do not write them.")
  var noSpecialTokens = false

  @Flag(help: "Read \"[SEP]\" and its like in a text as text, not as the special token.")
  var encodeSpecialTokens = false

  @Flag(help: "Read ids, separated by spaces, and write the text.")
  var decode = false

  func validate() throws {
    try input.check()
    if decode && (pair != nil || encodeSpecialTokens || format != .ids || common.maxLength != nil) {
      throw ValidationError("--decode goes with --no-special-tokens only")
    }
  }

  func run() throws {
    Interruption.handleSignals()
    let tokenizer = try Tokenizer(folder: common.modelFolder())
    tokenizer.warnings.forEach(common.warn)
    let output = try Output(path: nil)
    if decode {
      try writeTexts(tokenizer, to: output)
    } else {
      try writeTokens(tokenizer, to: output)
    }
    try output.finish()
  }

  private func writeTokens(_ tokenizer: Tokenizer, to output: borrowing Output) throws {
    var options = EncodingOptions()
    options.addsSpecialTokens = !noSpecialTokens
    options.maxLength = common.maxLength
    options.treatsSpecialTokensAsText = encodeSpecialTokens
    var pairs = try PairSource(path: pair, jsonField: input.jsonField, warn: common.warn)
    var report = TruncationReport(maxLength: common.maxLength ?? 0, warn: common.warn)
    try input.forEachBatch(warn: common.warn) { batch in
      if format == .ids { return try writeIDs(batch, &pairs, tokenizer, options, &report, to: output) }
      try output.write { lines in
        for (index, text) in batch.texts.enumerated() {
          let encoding = try tokenizer.encode(text, pair: pairs.next(), options: options)
          if encoding.isTruncated { report.add(batch.place(of: index)) }
          append(encoding, to: &lines)
        }
      }
    }
    try pairs.finish()
    report.finish()
  }

  /// Ids alone are computed of many texts at once.
  private func writeIDs(
    _ batch: InputOptions.Batch, _ pairs: inout PairSource, _ tokenizer: Tokenizer, _ options: EncodingOptions,
    _ report: inout TruncationReport, to output: borrowing Output
  ) throws {
    var seconds: [String]? = pair == nil ? nil : [], failure: (any Error)?
    do {
      for _ in batch.texts { if let second = try pairs.next() { seconds?.append(second) } }
    } catch {
      failure = error
    }
    let texts = Array(batch.texts.prefix(seconds?.count ?? batch.texts.count))
    let tokens = try tokenizer.encodeIDs(texts, pairs: seconds, options: options, threadCount: common.threads)
    for index in texts.indices where tokens.truncated[index] { report.add(batch.place(of: index)) }
    var lines: [UInt8] = []
    lines.reserveCapacity(6 * tokens.ids.count)
    for index in texts.indices {
      lines.append(tokens.ids[tokens.tokenRange(of: index)], separator: " ")
      lines.append(UInt8(ascii: "\n"))
    }
    try output.write(lines)
    if let failure { throw failure }
  }

  private func append(_ encoding: Encoding, to lines: inout [UInt8]) {
    if format == .tokens {
      lines.append(encoding.tokens, separator: " ")
    } else {
      lines += #"{"ids":["#.utf8
      lines.append(encoding.ids, separator: ",")
      lines += #"],"tokens":["#.utf8
      lines.append(encoding.tokens, separator: ",") { JSONWriter.append($1, to: &$0) }
      lines += #"],"offsets":["#.utf8
      lines.append(encoding.offsets, separator: ",") { $0 += "[\($1.lowerBound),\($1.upperBound)]".utf8 }
      lines += #"],"type_ids":["#.utf8
      lines.append(encoding.typeIDs, separator: ",")
      lines += "]}".utf8
    }
    lines.append(UInt8(ascii: "\n"))
  }

  private func writeTexts(_ tokenizer: Tokenizer, to output: borrowing Output) throws {
    try input.forEachBatch(warn: common.warn) { batch in
      try output.write { texts in
        for (index, line) in batch.texts.enumerated() {
          let ids = try line.split(separator: " ").map { word in
            guard let id = Int32(word) else { throw NotAnID(place: batch.place(of: index), word: String(word)) }
            return id
          }
          texts += try tokenizer.decode(ids, skipsSpecialTokens: noSpecialTokens).utf8
          texts.append(UInt8(ascii: "\n"))
        }
      }
    }
  }
}

/// A word of `--decode`'s input is no id.
struct NotAnID: Error, CustomStringConvertible {
  let place: String
  let word: String

  var description: String {
    "\(place): \(String(word.prefix(40)).debugDescription) is not a token id; give whole numbers separated by spaces"
  }
}
