// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// A tokenizer that cannot be loaded, or a text it cannot encode.
///
/// A file that cannot be opened is a `FileError`, one that is not JSON a `JSONError`; both name the file.
package enum TokenizerError: SwiftletError, Equatable {
  /// The folder has neither tokenizer.json nor vocab.txt.
  case noTokenizer(folder: String)
  /// The vocabulary has no token at all.
  case emptyVocabulary(path: String)
  /// The vocabulary has too many tokens, or too much text, for a model.
  case invalidVocabulary(path: String, problem: String)
  /// A line of the vocabulary is not UTF-8. Lines count from 1.
  case invalidVocabularyLine(path: String, line: Int)
  /// The vocabulary lacks a token that every encoding needs.
  case missingToken(path: String, token: String)
  /// The file asks for something that this tokenizer does not support.
  case unsupported(path: String, what: String, remedy: String? = nil)
  /// The vocabulary of the folder is a SentencePiece model.
  case sentencePiece(path: String)
  /// The vocabulary is not a text of tokens, for example a Git LFS pointer.
  case foreignVocabulary(path: String, content: ForeignContent)
  /// A field of the file is absent or not what it should be.
  case malformed(path: String, field: String, expected: String)
  /// The text is not UTF-8 from this byte on.
  case invalidUTF8(offset: Int)
  /// The text has more bytes than offsets can count.
  case textTooLong(byteCount: Int)
  /// The maximum length leaves no room for the special tokens.
  case maximumLengthTooSmall(maxLength: Int, minimum: Int)
  /// The text, or the pair of texts, has more tokens than the maximum length, and none may be cut off.
  case tooManyTokens(Int, maxLength: Int)
  /// An id that no token has.
  case unknownID(Int32)

  package var path: String? {
    switch self {
    case .noTokenizer(let path), .emptyVocabulary(let path), .invalidVocabulary(let path, _),
      .invalidVocabularyLine(let path, _), .missingToken(let path, _), .unsupported(let path, _, _),
      .malformed(let path, _, _), .sentencePiece(let path), .foreignVocabulary(let path, _):
      path
    case .invalidUTF8, .textTooLong, .maximumLengthTooSmall, .tooManyTokens, .unknownID: nil
    }
  }

  package var reason: String { explanation.problem }
  package var remedy: String { explanation.remedy }

  private var explanation: (problem: String, remedy: String) {
    switch self {
    case .noTokenizer: ("no tokenizer.json and no vocab.txt", "give the folder of a BERT model, with its tokenizer")
    case .emptyVocabulary: ("the vocabulary is empty", "give a file with one token a line")
    case .invalidVocabulary(_, let problem): (problem, "check that this is a vocabulary")
    case .invalidVocabularyLine(_, let line): ("line \(line) is not UTF-8", "save the file as UTF-8")
    case .missingToken(_, let token):
      ("no token \(quoted(token)) in the vocabulary, which every encoding needs", "give the vocabulary of the model")
    case .unsupported(_, let what, let remedy):
      ("\(escaped(what)) is not supported", remedy ?? "give a model with the tokenizer of BERT or XLM-RoBERTa")
    case .sentencePiece:
      (
        "is a SentencePiece model, which is not read",
        "convert it once in Python: AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes tokenizer.json"
      )
    case .foreignVocabulary(_, let content): ("is \(content.name)", content.remedy)
    case .malformed(_, let field, let expected): ("\(escaped(field)) should be \(expected)", "")
    case .invalidUTF8(let offset): ("the text is not UTF-8 at byte \(offset)", "give it as UTF-8")
    case .textTooLong(let byteCount):
      ("the text has \(byteCount) bytes, at most \(Int32.max) are possible", "split it")
    case .maximumLengthTooSmall(let maxLength, let minimum):
      ("a maximum length of \(maxLength) leaves no room for the special tokens", "give at least \(minimum)")
    case .tooManyTokens(let count, let maxLength):
      ("a text has \(count) tokens, at most \(maxLength) are possible", "shorten it, or allow that it is cut")
    case .unknownID(let id): ("no token has the id \(id)", "use the tokenizer that made the ids")
    }
  }
}
