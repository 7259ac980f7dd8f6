// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Swiftlet

private let root = URL(fileURLWithPath: #filePath + "/../../../..").standardizedFileURL.path
private let vocabulary = root + "/vocab/bert-base-uncased.txt"
private let tokenizers = try! [
  Tokenizer(path: vocabulary),
  Tokenizer(path: vocabulary, normalization: Normalization(lowercases: false)),
  Tokenizer(path: vocabulary, normalization: Normalization(lowercases: false, stripsAccents: true)),
  Tokenizer(folder: root + "/Tests/SwiftletEncodersTests/Fixtures/saved-by-reference/model"),
  unigram("multilingual"), unigram("spaces"), unigram("odd"), unigram("plain"),
]

/// A Unigram fixture, with the map of characters put back.
private func unigram(_ name: String) throws -> Tokenizer {
  let fixtures = root + "/Tests/SwiftletTokenizersTests/Fixtures/unigram/"
  let map = try String(contentsOfFile: fixtures + "nmt_nfkc.base64", encoding: .utf8)
  let text = try String(contentsOfFile: fixtures + name + "/tokenizer.json", encoding: .utf8)
    .replacingOccurrences(
      of: #""precompiled_charsmap":"""#,
      with: #""precompiled_charsmap":"\#(map.trimmingCharacters(in: .whitespacesAndNewlines))""#)
  let folder = ScratchFolder()
  folder.write(Array(text.utf8), to: "tokenizer.json")
  defer { folder.write(nil as [UInt8]?, to: "tokenizer.json") }
  return try Tokenizer(folder: folder.path)
}

/// Tokenizes the input as a text, or as two with FF 0A FF between them. The first two bytes choose tokenizer, options
/// and maximum length.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start, count >= 2 else { return 0 }
  let isUnigram = start[0] & 16 != 0
  // The fixture "spaces" has RoBERTa's post-processor.
  let trimsRanges = isUnigram && start[0] % 4 == 1
  let tokenizer = tokenizers[Int(start[0] % 4) + (isUnigram ? 4 : 0)]
  var options = EncodingOptions(
    addsSpecialTokens: start[0] & 4 == 0, maxLength: nil, treatsSpecialTokensAsText: start[0] & 8 != 0)
  let texts = sections(of: UnsafeBufferPointer(start: start + 2, count: count - 2), count: 2)
  checkBytes(Array(texts[0] ?? []), tokenizer)

  guard let text = String(validating: texts[0] ?? [], as: UTF8.self) else { return 0 }
  let whole = try! tokenizer.encode(text, options: options)
  checkInvariants(of: whole, text: text, trimsRanges: trimsRanges, tokenizer)
  expect(try! tokenizer.encode(text, options: options) == whole, "the same twice")
  if !isUnigram { checkWords(of: whole, text, tokenizer) }

  let pair = texts[1].flatMap { String(validating: $0, as: UTF8.self) }
  options.maxLength = Int(start[1])
  allowingErrors {
    let cut = try tokenizer.encode(text, pair: pair, options: options)
    checkInvariants(of: cut, text: text, pair: pair, trimsRanges: trimsRanges, tokenizer)
    expect(cut.count <= Int(start[1]), "at most \(start[1]) tokens")
    guard pair == nil else { return }
    expect(cut.isTruncated == (cut.count < whole.count), "cut or not")
    let kept = cut.textIndices.lastIndex { $0 != nil }.map { $0 + 1 } ?? 0
    expect(cut.ids.prefix(kept) == whole.ids.prefix(kept), "the first \(kept) tokens")
  }
  _ = try! tokenizer.decode(whole.ids, skipsSpecialTokens: false)
  return 0
}

/// Checks the path without offsets: the ids of `encode`, or an error if and only if the bytes are not UTF-8.
private func checkBytes(_ bytes: [UInt8], _ tokenizer: Tokenizer) {
  var batch = TokenBatch()
  batch.append(ids: [7])
  do {
    let utf8 = ContiguousArray(bytes)
    try tokenizer.append(utf8: utf8.span, to: &batch, maxLength: bytes.count * 40 + 4)
    guard let text = String(validating: bytes, as: UTF8.self) else { fatalError("EXPECTED: not UTF-8") }
    expect(try! tokenizer.encode(text).ids == Array(batch.ids[1...]), "the ids of encode")
  } catch {
    expect(String(validating: bytes, as: UTF8.self) == nil, "an error for what is not UTF-8, not \(error)")
    let offset = (error as? any SwiftletError)?.reason.split(separator: " ").last.flatMap { Int($0) }
    guard let offset, bytes.indices.contains(offset) else { fatalError("EXPECTED: a byte of the text, not \(error)") }
    expect(String(validating: bytes[..<offset], as: UTF8.self) != nil, "UTF-8 up to byte \(offset)")
    expect(batch.ids == [7] && batch.sequenceCount == 1, "the batch as it was")
  }
}

/// Checks that a word's joined subword tokens encode to the same ids, and that those from ASCII are the text itself.
private func checkWords(of encoding: Encoding, _ text: String, _ tokenizer: Tokenizer) {
  let special = Set(tokenizer.addedTokens.map(\.id) + [tokenizer.specialTokens.unknown])
  var start = 0
  while start < encoding.count {
    var end = start + 1
    while end < encoding.count, encoding.tokens[end].hasPrefix("##") { end += 1 }
    defer { start = end }
    if special.contains(encoding.ids[start]) { continue }
    let pieces = encoding.tokens[start..<end].enumerated().map { $0 == 0 ? $1 : String($1.dropFirst(2)) }
    let again = try! tokenizer.encode(
      pieces.joined(), options: EncodingOptions(addsSpecialTokens: false, treatsSpecialTokensAsText: true))
    expect(again.ids == Array(encoding.ids[start..<end]), "the pieces of \(pieces.joined()) alone")

    for (piece, range) in zip(pieces, encoding.utf8Ranges[start..<end]) {
      let bytes = Array(text.utf8)[range].filter { !(0..<32 ~= $0 || $0 == 127) }
      guard bytes.allSatisfy({ $0 < 128 }) else { continue }
      let source = String(decoding: bytes, as: UTF8.self)
      expect(piece == (tokenizer.normalization.lowercases ? source.lowercased() : source), "\(piece) is \(source)")
    }
  }
}
