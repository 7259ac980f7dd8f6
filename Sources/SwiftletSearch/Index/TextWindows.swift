// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers

/// How long texts are divided: each window has a vector of its own, and a document the score of its best window.
public struct TextWindows: Equatable, Sendable {
  /// The maximum number of tokens of a window, special ones and a prompt's included.
  public let tokens: Int

  /// The number of tokens that a window shares with the one before it.
  public let overlap: Int

  /// Windows of this many tokens.
  ///
  /// - Parameters:
  ///   - tokens: the maximum number of tokens of a window, special ones and a prompt's included.
  ///   - overlap: the number of tokens that a window shares with the one before it.
  /// - Throws: ``IndexError`` if the overlap is not smaller than a window, or a window is longer than 2^20 tokens.
  public init(tokens: Int, overlap: Int) throws {
    guard overlap >= 0, tokens > overlap, tokens <= 1 << 20 else {
      throw IndexError(.windows(tokens: tokens, overlap: overlap))
    }
    self.tokens = tokens
    self.overlap = overlap
  }

  /// The places of a text's windows in bytes of UTF-8; all of the text if it is short.
  ///
  /// - Parameter prompt: what is put before each window.
  /// - Throws: ``IndexError`` if special tokens and prompt leave no room; the errors of the tokenizer.
  func ranges(of text: String, after prompt: String, _ tokenizer: Tokenizer) throws -> [Range<Int>] {
    let options = EncodingOptions(addsSpecialTokens: false)
    let around = tokenizer.specialCount(isPair: false) + (try tokenizer.encode(prompt, options: options).count)
    let room = tokens - around
    guard room > overlap else { throw IndexError(.windows(tokens: tokens, overlap: overlap)) }
    let places = try tokenizer.encode(text, options: options).utf8Ranges
    guard places.count > room else { return [0..<text.utf8.count] }
    var ranges: [Range<Int>] = [], start = 0
    while true {
      let end = min(start + room, places.count)
      ranges.append(places[start].lowerBound..<places[end - 1].upperBound)
      if end == places.count { return ranges }
      start += room - overlap
    }
  }
}

extension TextWindows {
  var json: JSONValue {
    .object(["tokens": .number(JSONNumber(tokens)), "overlap": .number(JSONNumber(overlap))])
  }

  init?(_ json: JSONValue) {
    guard let object = json.object, let tokens = object["tokens"]?.int, let overlap = object["overlap"]?.int,
      let windows = try? TextWindows(tokens: tokens, overlap: overlap)
    else { return nil }
    self = windows
  }
}

extension String {
  /// The part of a text at these bytes of its UTF-8.
  func utf8Part(_ range: Range<Int>) -> String {
    range == 0..<utf8.count
      ? self : String(decoding: utf8.dropFirst(range.lowerBound).prefix(range.count), as: UTF8.self)
  }
}
