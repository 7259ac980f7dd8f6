// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletTokenizers
import TestSupport
import Testing

/// Each of the 1,112,064 Unicode scalars, in four contexts, cased and uncased, gives the ids and offsets that
/// Hugging Face's tokenizers give.
///
/// A digest stands for 64 scalars in a context. Scripts/make_scalar_digests.py makes the digests and defines them; with
/// `--compare` it names the scalars behind a block that fails here. All blocks are checked in a release build or with
/// `SWIFTLET_EXHAUSTIVE=1` in the environment. A plain debug build, an order of magnitude slower, checks those of the
/// basic plane's start and a fixed part of the others.
struct ScalarTests {
  private static let contexts: [(name: String, before: String, after: String)] = [
    ("alone", "", ""), ("inside a word", "a", "b"),
    ("beside a combining mark", "e", "\u{301}"), ("beside CJK", "中", "文"),
  ]
  private static let blocks = stride(from: UInt32(0), to: 0x110000, by: 64).filter { !(0xD800..<0xE000 ~= $0) }

  private static var checksAllBlocks: Bool {
    #if DEBUG
      ProcessInfo.processInfo.environment["SWIFTLET_EXHAUSTIVE"] == "1"
    #else
      true
    #endif
  }

  @Test(arguments: [(name: "cased", lowercases: false), ("uncased", true)])
  func equalsReferenceOnEveryScalar(casing: (name: String, lowercases: Bool)) throws {
    let digests = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("scalars/\(casing.name).bin"))))
    try #require(digests.count == Self.blocks.count * Self.contexts.count * 4)
    let folder = try TemporaryFolder()
    try folder.write(Self.vocabulary(), to: "vocab.txt")
    let tokenizer = try Tokenizer(
      path: folder.path("vocab.txt"), normalization: Normalization(lowercases: casing.lowercases))

    var wrong: [String] = []
    var random = SplitMix64(seed: 1)
    for (index, block) in Self.blocks.enumerated() {
      guard random.next() % 64 == 0 || block < 0x400 || Self.checksAllBlocks else { continue }
      for (number, context) in Self.contexts.enumerated() {
        let position = (index * Self.contexts.count + number) * 4
        let expected = (0..<4).reduce(UInt32(0)) { $0 | UInt32(digests[position + $1]) << (8 * $1) }
        if try digest(of: tokenizer, block, before: context.before, after: context.after) != expected {
          wrong.append("U+\(String(block, radix: 16, uppercase: true)) \(context.name)")
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count) blocks, \(casing.name): \(wrong.prefix(20).joined(separator: ", "))")
  }

  /// The digest of the 64 encodings of a block; the hot path must give the same ids.
  private func digest(
    of tokenizer: Tokenizer, _ block: UInt32, before: String, after: String
  ) throws -> UInt32 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ word: Int) { hash = (hash ^ UInt64(word)) &* 0x100_0000_01B3 }
    var ids: [Int32] = []
    var batch = TokenBatch()
    for scalar in block..<block + 64 {
      let text = before + String(Unicode.Scalar(scalar)!) + after
      let encoding = try tokenizer.encode(text)
      add(encoding.ids.count)
      for id in encoding.ids { add(Int(id)) }
      for range in encoding.offsets {
        add(range.lowerBound)
        add(range.upperBound)
      }
      ids += encoding.ids
      try tokenizer.append(text, to: &batch, maxLength: .max)
    }
    #expect(batch.ids == ids, "U+\(String(block, radix: 16, uppercase: true)): the hot path differs")
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
  }

  /// vocab.txt with every scalar as a word and as a continuation, except white space and the first controls.
  private static func vocabulary() -> [UInt8] {
    let whitespace: Set<UInt32> = [0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
    var words: [UInt8] = []
    var continuations: [UInt8] = []
    for block in blocks {
      for scalar in block..<block + 64 {
        let isToken = !(..<0x21 ~= scalar || 0x7F..<0xA1 ~= scalar || 0x2000..<0x200B ~= scalar)
        guard isToken && !whitespace.contains(scalar) else { continue }
        let utf8 = UTF8.encode(Unicode.Scalar(scalar)!)!
        words += utf8
        words.append(UInt8(ascii: "\n"))
        continuations += "##".utf8
        continuations += utf8
        continuations.append(UInt8(ascii: "\n"))
      }
    }
    return Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n".utf8) + words + continuations
  }
}
