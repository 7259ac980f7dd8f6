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

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: InputOptions

  @Option(help: "What the results look like.")
  var format = TokenFormat.ids

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
    try input.forEachBatch(threads: common.threads ?? availableProcessorCount(), warn: common.warn) { batch in
      var seconds: [String]? = pair == nil ? nil : [], failure: (any Error)?
      do {
        for _ in batch.texts { if let second = try pairs.next() { seconds?.append(second) } }
      } catch {
        failure = error
      }
      let part = TextPart(batch: batch, seconds: seconds, failure: failure, format: format)
      return { [options] in part.lines(tokenizer, options) }
    } _: { lines in
      lines.cut.forEach { report.add($0) }
      try output.write(lines.bytes)
      if let failure = lines.failure { throw failure }
    }
    try pairs.finish()
    report.finish()
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
