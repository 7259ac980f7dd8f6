// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import TestSupport
import Testing

@testable import SwiftletSearch

/// The filters' grammar, what comparisons mean, and searching with them.
@Suite struct SearchFilterTests {
  private static let documents: [(id: String, metadata: JSONObject)] = [
    ("a", ["lang": .string("en"), "year": .number(JSONNumber(2019)), "ok": .bool(true)]),
    ("b", ["lang": .string("de"), "year": .number(JSONNumber(2020.5)), "ok": .bool(false)]),
    ("c", ["lang": .string("en"), "year": .number(JSONNumber(2021))]),
    ("d", ["lang": .null, "year": .string("2021"), "a b": .string("x'\"\\")]),
    ("e", [:]),
  ]

  @Test(arguments: [
    ("lang = \"en\"", "ac"), ("lang != 'en'", "bde"), ("year >= 2020", "bc"), ("year > 2020.5", "c"),
    ("year < 2020.5", "a"), ("year <= 2020.5", "ab"), ("year = 2021", "c"), ("year = 2021.0", "c"),
    ("year = '2021'", "d"), ("lang > 'df'", "ac"), ("lang = null", "de"), ("ok = true", "a"), ("ok != true", "bcde"),
    ("lang in ('de', 'fr', null)", "bde"), ("year in (2019)", "a"), ("not lang = 'en'", "bde"),
    ("lang = 'en' and year > 2020", "c"), ("lang = 'de' or year > 2020", "bc"),
    ("lang = 'de' or lang = 'en' and year > 2020", "bc"), ("(lang = 'de' or lang = 'en') and year > 2020", "bc"),
    ("not (lang = 'de' or lang = 'en')", "de"), ("NOT lang='en' AND year IN (2020.5,1)", "b"),
    ("`a b` = 'x\\'\"\\\\'", "d"), ("unknown = 1", ""), ("unknown != 1", "abcde"), ("year < 2e3", ""),
    ("ok < true", ""), ("not not ok = true", "a"),
  ])
  func filtersFind(filter: String, ids: String) throws {
    let folder = try TemporaryFolder(), path = folder.path("index")
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 2))
    for (id, metadata) in SearchFilterTests.documents {
      try writer.add(IndexedDocument(id: id, text: id, metadata: metadata), vector: [1, 0])
    }
    try writer.commit()
    let found = try VectorIndex(folder: path).search([1, 0], where: SearchFilter(filter))
    #expect(found.map(\.document.id).joined() == ids)
  }

  @Test(arguments: [
    ("", 0, "a member's name"), ("lang", 4, "a comparison"), ("lang =", 6, "a value"), ("lang = en", 7, "a value"),
    ("lang = \"en", 7, "a text that ends with \""), ("a = 1 b", 6, "\"and\", \"or\" or the end"),
    ("a = 1 and", 9, "a member's name"), ("(a = 1", 6, "\")\""), ("a in 1", 5, "\"(\""), ("a in (1", 7, "\")\""),
    ("a == 1", 3, "a value"), ("a = 01", 4, "a value"), ("a = 1x", 4, "a value"), ("and = 1", 0, "a member's name"),
    ("a = truex", 4, "a value"), ("a ~ 1", 2, "a comparison"),
    ("lang = 'en\\", 7, "a text that ends with '"),
  ])
  func mistakesAreToldByTheirPlace(filter: String, offset: Int, expected: String) {
    #expect {
      try SearchFilter(filter)
    } throws: { error in
      guard let error = error as? FilterError else { return false }
      return error.offset == offset && error.expected == expected
    }
  }

  @Test func deepNestingIsAnError() {
    #expect(throws: FilterError.self) { try SearchFilter(String(repeating: "(", count: 100_000) + "a = 1") }
    #expect(throws: FilterError.self) { try SearchFilter(String(repeating: "not ", count: 100_000) + "a = 1") }
  }

  @Test(arguments: [" and ", " or "]) func longChainsAreAnErrorOrHold(word: String) throws {
    let term = "kind != 'x'"
    #expect(throws: FilterError.self) {
      try SearchFilter(Array(repeating: term, count: 100_000).joined(separator: word))
    }
    #expect(throws: FilterError.self) {
      try SearchFilter("a in (" + Array(repeating: "1", count: 100_000).joined(separator: ",") + ")")
    }
    let folder = try TemporaryFolder(), path = folder.path("index")
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 1))
    try writer.add(IndexedDocument(id: "a", text: ""), vector: [1])
    try writer.commit()
    let filter = try SearchFilter(Array(repeating: term, count: 1000).joined(separator: word))
    #expect(try VectorIndex(folder: path).search([1], where: filter).count == 1)
  }

  /// All documents that fulfil a filter are found, however few they are.
  @Test func aNarrowFilterStillFindsAsManyAsAskedFor() throws {
    let folder = try TemporaryFolder(), path = folder.path("index")
    let rows = RowKind.units.rows(5000, dimension: 20, seed: 1)
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 20))
    for (number, row) in rows.enumerated() {
      let metadata: JSONObject = ["group": .number(JSONNumber(number % 500))]
      try writer.add(IndexedDocument(id: "\(number)", text: "", metadata: metadata), vector: row)
    }
    try writer.commit()
    let found = try VectorIndex(folder: path).search(rows[0], limit: 10, where: SearchFilter("group = 123"))
    let expected = stride(from: 123, to: 5000, by: 500).sorted {
      (laneDot(rows[$0], rows[0]), $1) > (laneDot(rows[$1], rows[0]), $0)
    }
    #expect(found.map(\.document.id) == expected.map { "\($0)" })
  }
}
