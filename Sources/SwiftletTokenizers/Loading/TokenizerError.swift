// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A tokenizer that could not be read, or a text it cannot encode.
///
/// A file that cannot be opened is a `FileError`, one that is not JSON a `JSONError`; both name the file.
public enum TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The folder holds neither tokenizer.json nor vocab.txt.
  case noTokenizer(folder: String)
  /// The vocabulary has no token at all.
  case emptyVocabulary(path: String)
  /// The vocabulary is like none made for a model.
  case invalidVocabulary(path: String, reason: String)
  /// A line of the vocabulary is not UTF-8. Lines count from 1.
  case invalidVocabularyLine(path: String, line: Int)
  /// The vocabulary lacks a token that every encoding needs.
  case missingToken(path: String, token: String)
  /// The file holds something this tokenizer does not do.
  case unsupported(path: String, what: String)
  /// A field of the file is absent or not what it should be.
  case malformed(path: String, field: String, expected: String)
  /// The text is not UTF-8 from this byte on.
  case invalidUTF8(offset: Int)
  /// The text has more bytes than offsets can count.
  case textTooLong(byteCount: Int)
  /// The maximum length leaves no room for the special tokens.
  case maximumLengthTooSmall(maxLength: Int, minimum: Int)
  /// An id that no token has.
  case unknownID(Int32)

  /// One line: where, what is wrong, what to do.
  public var description: String {
    switch self {
    case .noTokenizer(let folder):
      "\(escaped(folder)): no tokenizer.json and no vocab.txt; give the folder of a BERT model"
    case .emptyVocabulary(let path):
      "\(escaped(path)): the vocabulary is empty; one token a line is expected"
    case .invalidVocabulary(let path, let reason):
      "\(escaped(path)): \(reason); is this a vocabulary?"
    case .invalidVocabularyLine(let path, let line):
      "\(escaped(path)): line \(line) is not UTF-8; save the file as UTF-8"
    case .missingToken(let path, let token):
      "\(escaped(path)): no token \(quoted(token)) in the vocabulary; it is needed in every encoding"
    case .unsupported(let path, let what):
      "\(escaped(path)): \(escaped(what)) is not supported; only BERT's own tokenizer is"
    case .malformed(let path, let field, let expected):
      "\(escaped(path)): \(escaped(field)) should be \(expected)"
    case .invalidUTF8(let offset):
      "the text is not UTF-8 at byte \(offset); give it as UTF-8"
    case .textTooLong(let byteCount):
      "the text has \(byteCount) bytes, at most \(Int32.max) are possible; split it"
    case .maximumLengthTooSmall(let maxLength, let minimum):
      "a maximum length of \(maxLength) leaves no room for the special tokens; give at least \(minimum)"
    case .unknownID(let id):
      "no token has the id \(id); is this the vocabulary the ids were made with?"
    }
  }
}
