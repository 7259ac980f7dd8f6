// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import SwiftletTokenizers

struct PieceTrieTests {
  /// Made-up pieces of many scripts, which have few beginnings in common, as in the vocabularies of multilingual models.
  private let pieces: Set<String> = {
    let alphabets = [
      "abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщыэюя", "אבגדהוזחטיכלמנסעפצקרשת", "कखगघचछजझटठडढणतथदधनप",
    ]
    .map { Array($0) }
    var generator = SplitMix64(seed: 1)
    return Set(
      (0..<30_000).map { index in
        let letters = alphabets[index % alphabets.count]
        return String(
          (0..<Int.random(in: 1...12, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
      })
  }()

  @Test func findsEachPieceInLittleMemory() throws {
    let sorted = pieces.map { ContiguousArray($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    var bytes: ContiguousArray<UInt8> = []
    var places: ContiguousArray<(place: Vocabulary.Place, id: Int32)> = []
    var beginnings: Set<ArraySlice<UInt8>> = []
    for (id, piece) in sorted.enumerated() {
      places.append((Vocabulary.Place(bytes.count..<bytes.count + piece.count), Int32(id)))
      bytes += piece
      for end in 1...piece.count { beginnings.insert(Array(piece)[..<end]) }
    }
    let trie = try #require(PieceTrie(sorted: places, in: bytes))
    for (id, piece) in sorted.enumerated() {
      #expect(trie.id(of: piece.span, piece.indices) == Int32(id))
      let beginning = piece.dropLast()
      let isPiece = pieces.contains(String(decoding: beginning, as: UTF8.self))
      #expect((trie.id(of: piece.span, beginning.indices) >= 0) == isPiece)
    }
    // One unit for each beginning would be the least.
    #expect(trie.units.count < 2 * beginnings.count, "\(trie.units.count) units for \(beginnings.count) beginnings")
  }
}
