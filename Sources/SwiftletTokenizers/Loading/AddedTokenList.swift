// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The added tokens of a tokenizer while it is built. It numbers them as the reference does, which does not follow the
/// ids of the files.
///
/// A token of the vocabulary keeps its id there. Any other one gets the next id after all tokens. A token that is added
/// again with other properties replaces the first. Source: `tokenizers`, tokenizer/added_vocabulary, and transformers'
/// TokenizersBackend.
struct AddedTokenList {
  private let vocabulary: any ModelVocabulary
  private(set) var tokens: [AddedToken] = []
  /// The index in `tokens` of each content.
  private var places: [UTF8Key: Int] = [:]

  init(_ vocabulary: any ModelVocabulary) { self.vocabulary = vocabulary }

  /// Adds tokens; their ids do not count.
  mutating func add(_ newTokens: [AddedToken]) {
    let size = vocabulary.tokenCount
    var nextID = Int32(max(size, tokens.reduce(-1) { max($0, Int($1.id)) } + 1))
    for var token in newTokens {
      let key = UTF8Key(token.content)
      if let place = places[key] {
        token.id = tokens[place].id
        // A token stays special once it was.
        token.isSpecial = token.isSpecial || tokens[place].isSpecial
        tokens[place] = token
        continue
      }
      if let id = vocabulary.id(of: token.content) {
        token.id = id
      } else {
        token.id = nextID
        nextID += 1
      }
      places[key] = tokens.count
      tokens.append(token)
    }
  }

  /// Adds what a tokenizer class adds to the tokens of tokenizer.json: the listed tokens in the order of their ids, then
  /// the named special tokens, then the extra ones. Of these only tokens that are not yet there count, and of
  /// one named twice with other properties the last.
  mutating func add(listed: [AddedToken], named: [AddedToken], extra: [AddedToken]) {
    let names = Set(named.map { UTF8Key($0.content) })
    func marked(_ token: AddedToken) -> AddedToken {
      var token = token
      token.isSpecial = token.isSpecial || names.contains(UTF8Key(token.content))
      return token
    }
    var added = listed.sorted { $0.id < $1.id }.filter { token in
      guard let place = places[UTF8Key(token.content)] else { return true }
      var other = tokens[place]
      other.id = token.id
      return other != token
    }.map(marked)
    let known = Set((tokens + added).map { UTF8Key($0.content) })
    var forms: [UTF8Key: [AddedToken]] = [:]
    for token in (named + extra).map(marked) {
      let key = UTF8Key(token.content)
      guard !known.contains(key), !forms[key, default: []].contains(token) else { continue }
      forms[key, default: []].append(token)
      added.append(token)
    }
    add(added)
  }

  /// - Throws: if a token without a place in the vocabulary has the id of another token there.
  func check(path: String) throws(TokenizerError) {
    for token in tokens where vocabulary.id(of: token.content) == nil && vocabulary.token(token.id) != nil {
      throw .malformed(
        path: path, field: "the vocabulary",
        expected: "without gaps: the added token \(quoted(token.content)) gets the id \(token.id), which another has")
    }
  }

  /// Warnings for tokens that have another id than their file says, as in the reference, and for special tokens that the
  /// vocabulary lacks.
  func warnings(listed: [AddedToken], path: String) -> [String] {
    var warnings: [String] = []
    let wrong = listed.filter { token in places[UTF8Key(token.content)].map { tokens[$0].id != token.id } ?? false }
    if let first = wrong.first, let place = places[UTF8Key(first.content)] {
      let others = wrong.count > 1 ? " and \(wrong.count - 1) more" : ""
      warnings.append(
        "\(escaped(path)): the added token \(quoted(first.content))\(others) has the id \(tokens[place].id), "
          + "not \(first.id), as in the transformers library")
    }
    let known = Set(listed.map { UTF8Key($0.content) })
    let missing = tokens.filter { !known.contains(UTF8Key($0.content)) && vocabulary.id(of: $0.content) == nil }
    if !missing.isEmpty {
      let names = missing.prefix(5).map { quoted($0.content) }.joined(separator: ", ")
      let ids = "\(missing[0].id)" + (missing.count > 1 ? " and up" : "")
      warnings.append("\(escaped(path)): no token \(names) in the vocabulary; added with the id \(ids)")
    }
    return warnings
  }
}
