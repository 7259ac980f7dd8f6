// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletTensors
import TestSupport
import Testing

@testable import SwiftletSearch

/// An index beside a scan of all rows, and what changes it.
@Suite struct VectorIndexTests {
  private let folder = try! TemporaryFolder()
  private var path: String { folder.path("index") }

  private func write(_ rows: [[Float]], scan: IndexDescription.Scan = .int8) throws {
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: rows[0].count, scan: scan))
    for (number, row) in rows.enumerated() {
      try writer.add(IndexedDocument(id: "\(number)", text: "text \(number)"), vector: row)
    }
    try writer.commit()
  }

  /// The best rows by definition: every dot product, sorted; ties by number.
  private func best(_ rows: [[Float]], _ query: [Float], _ limit: Int) -> [(id: String, score: Float)] {
    let scores = rows.map { laneDot($0, query) }
    let order = rows.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
    return order.prefix(limit).map { ("\($0)", scores[$0]) }
  }

  @Test(arguments: RowKind.allCases, IndexDescription.Scan.allCases)
  func findsTheBestInOrder(kind: RowKind, scan: IndexDescription.Scan) throws {
    let rows = kind.rows(3000, dimension: 48, seed: 7)
    try write(rows, scan: scan)
    let index = try VectorIndex(folder: path)
    let queries = RowKind.mixed.rows(11, dimension: 48, seed: 8) + [rows[17], rows[2999]]
    for limit in [1, 10, 400] {
      let together = try index.search(Tensor(queries.flatMap { $0 }, shape: [queries.count, 48]), limit: limit)
      for (query, together) in zip(queries, together) {
        let expected = best(rows, query, limit)
        let found = try index.search(query, limit: limit)
        #expect(found.map(\.document.id) == expected.map(\.id))
        #expect(found.map(\.score.bitPattern) == expected.map(\.score.bitPattern))
        #expect(Array(found) == Array(together))
      }
    }
  }

  /// The long form, of as many rows as the environment says: SWIFTLET_SEARCH_ROWS=1000000
  /// swift test -c release -Xswiftc -enable-testing --filter manyRows
  @Test(.enabled(if: VectorIndexTests.rowCount != nil), arguments: RowKind.allCases)
  func manyRows(kind: RowKind) throws {
    let count = try #require(Self.rowCount), dimension = 32
    let rows = kind.rows(count, dimension: dimension, seed: 17)
    try write(rows)
    let index = try VectorIndex(folder: path), all = Tensor(rows.flatMap { $0 }, shape: [count, dimension])
    let queries = RowKind.mixed.rows(9, dimension: dimension, seed: 18) + [rows[count / 2]]
    let scalar = try #require(Kernels(path: "scalar"))
    for query in queries {
      let vector = Tensor(query, shape: [dimension]).vector
      let scores = (0..<count).map { scalar.dot(all.matrix.row($0), vector) }
      let expected = (0..<count).sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(10)
      let found = try index.search(query)
      #expect(found.map(\.position) == Array(expected) && found.map(\.score) == expected.map { scores[$0] })
    }
  }

  static let rowCount = ProcessInfo.processInfo.environment["SWIFTLET_SEARCH_ROWS"].flatMap { Int($0) }

  @Test func eightBitCodesSpareMostDotProducts() throws {
    try write(RowKind.units.rows(20_000, dimension: 64, seed: 9))
    let found = try VectorIndex(folder: path).search(RowKind.units.rows(1, dimension: 64, seed: 10)[0])
    #expect(found.scoredRows < 1000)
  }

  @Test(arguments: [1, 2, 3, 8]) func threadsChangeNothing(count: Int) throws {
    let rows = RowKind.mixed.rows(20_000, dimension: 16, seed: 11)
    try write(rows)
    let index = try VectorIndex(folder: path, threadCount: count)
    let query = RowKind.units.rows(1, dimension: 16, seed: 12)[0]
    #expect(try index.search(query, limit: 50).map(\.document.id) == best(rows, query, 50).map(\.id))
  }

  @Test func filesInMemoryGiveTheSame() throws {
    let rows = RowKind.units.rows(100, dimension: 16, seed: 13)
    try write(rows)
    let mapped = try VectorIndex(folder: path), read = try VectorIndex(folder: path, mapsFiles: false)
    #expect(try Array(mapped.search(rows[3])) == Array(read.search(rows[3])))
  }

  @Test func aLimitBeyondAllGivesAll() throws {
    let rows = RowKind.units.rows(5, dimension: 3, seed: 14)
    try write(rows)
    #expect(try VectorIndex(folder: path).search(rows[0], limit: 100).count == 5)
    #expect(try VectorIndex(folder: path).search(rows[0], limit: .max).count == 5)
  }

  /// More candidates than are kept: their scores are computed on the way.
  @Test func manyEqualRowsAreFoundByTheirPositions() throws {
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 1))
    for number in 0..<70_000 {
      try writer.add(IndexedDocument(id: "\(number)", text: ""), vector: [1], position: 100_000 - number)
    }
    try writer.add(IndexedDocument(id: "best", text: ""), vector: [2])
    try writer.commit()
    let found = try VectorIndex(folder: path).search([1], limit: 4)
    #expect(found.map(\.document.id) == ["best", "69999", "69998", "69997"])
  }

  // MARK: Changes

  private func vector(_ number: Float) -> [Float] { [number, 1, 0] }

  private func ids(_ limit: Int = 10) throws -> [String] {
    try VectorIndex(folder: path).search([1, 0, 0], limit: limit).map(\.document.id)
  }

  @Test func documentsAreReplacedRemovedAndMoved() throws {
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 3))
    for (number, id) in ["a", "b", "c", "d"].enumerated() {
      let metadata: JSONObject = ["name": .string(id)]
      try writer.add(IndexedDocument(id: id, text: id, metadata: metadata), vector: vector(Float(number)))
    }
    try writer.commit()
    #expect(try ids() == ["d", "c", "b", "a"])
    let before = try VectorIndex(folder: path)
    try writer.add(IndexedDocument(id: "a", text: "new"), vector: vector(9))
    #expect(try writer.remove(id: "c") && !writer.remove(id: "x") && !writer.contains(id: "c"))
    #expect(try ids() == ["d", "c", "b", "a"])
    try writer.commit()
    #expect(try ids() == ["a", "d", "b"])
    #expect(try VectorIndex(folder: path).search([1, 0, 0])[0].document.text == "new")
    // A snapshot stays what it was, though its files are gone.
    try writer.compact()
    let old = try before.search([1, 0, 0], where: SearchFilter("name != 'd'"))
    #expect(old.map(\.document.id) == ["c", "b", "a"] && old[0].document.metadata["name"] == .string("c"))
    // Rows with equal scores come by their positions.
    try writer.add(IndexedDocument(id: "e", text: "e"), vector: vector(9))
    try writer.commit()
    #expect(try ids(2) == ["a", "e"])
    #expect(try writer.move(id: "a", to: 100))
    try writer.commit()
    #expect(try ids(2) == ["e", "a"])
    #expect(writer.count == 4)
  }

  @Test func allDocumentsComeInTheOrderOfTheirPositions() throws {
    let rows = RowKind.units.rows(5, dimension: 3, seed: 18)
    try write(rows)
    let writer = try VectorIndexWriter(folder: path)
    #expect(try writer.remove(id: "1") && writer.move(id: "0", to: 9))
    try writer.add(IndexedDocument(id: "5", text: "new"), vector: rows[1], position: 7)
    try writer.commit()
    var documents: [String] = [], vectors: [[Float]] = []
    try VectorIndex(folder: path).forEachDocument { document, position, vector in
      documents.append("\(position): \(document.id), \(document.text)")
      vectors.append(vector)
    }
    #expect(documents == ["2: 2, text 2", "3: 3, text 3", "4: 4, text 4", "7: 5, new", "9: 0, text 0"])
    #expect(vectors == [rows[2], rows[3], rows[4], rows[1], rows[0]])
  }

  @Test func compactionKeepsDocumentsAndDropsRows() throws {
    let rows = RowKind.units.rows(500, dimension: 24, seed: 15)
    try write(rows)
    let writer = try VectorIndexWriter(folder: path)
    for number in 0..<500 where number % 3 != 0 { try writer.remove(id: "\(number)") }
    try writer.add(
      IndexedDocument(id: "new", text: "new", metadata: ["year": .number(JSONNumber(2026))]), vector: rows[1])
    try writer.commit()
    let query = RowKind.units.rows(1, dimension: 24, seed: 16)[0]
    let before = try VectorIndex(folder: path), found = try before.search(query, limit: 300)
    try writer.compact()
    let after = try VectorIndex(folder: path)
    #expect(before.segments.reduce(0) { $0 + $1.rows } == 501)
    #expect(after.segments.reduce(0) { $0 + $1.rows } == 168 && after.count == 168)
    #expect(try Array(after.search(query, limit: 300)) == Array(found))
    #expect(try folder.names(in: "index").count == 3)
  }

  @Test func onlyOneWriterAtATime() throws {
    try write([[1, 2]])
    let writer = try VectorIndexWriter(folder: path)
    #expect(throws: IndexError(.inUse, path: path)) { try VectorIndexWriter(folder: path) }
    #expect(writer.count == 1)
  }

  @Test func anIndexOfAnotherKindIsNotChanged() throws {
    try write([[1, 2]])
    #expect(throws: IndexError(.dimension(3, expected: 2), path: path)) {
      try VectorIndexWriter(folder: path, IndexDescription(dimension: 3))
    }
    #expect(throws: IndexError(.otherModel(setting: "scan", index: "int8", given: "float32"), path: path)) {
      try VectorIndexWriter(folder: path, IndexDescription(dimension: 2, scan: .float32))
    }
    _ = try folder.write("mine", to: "other/notes.txt")
    #expect(throws: IndexError(.otherFiles, path: folder.path("other"))) {
      try VectorIndexWriter(folder: folder.path("other"), IndexDescription(dimension: 3))
    }
  }

  /// Behind the largest position there is none, but rows with equal ones come as they were added.
  @Test func theLargestPosition() throws {
    do {
      let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 3))
      try writer.add(IndexedDocument(id: "a", text: ""), vector: vector(1), position: Int(Segment.largestPosition))
      for id in ["b", "c"] { try writer.add(IndexedDocument(id: id, text: ""), vector: vector(1)) }
      try writer.commit()
    }
    #expect(try ids() == ["a", "b", "c"])
    // The next writer finds no damage.
    try VectorIndexWriter(folder: path).compact()
    #expect(try ids() == ["a", "b", "c"])
  }

  @Test func compactingPassesOverSegmentsWithoutDocuments() throws {
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 3))
    for name in ["a", "b"] {
      for number in 0..<3 {
        try writer.remove(id: "a\(number)")
        try writer.add(IndexedDocument(id: "\(name)\(number)", text: ""), vector: vector(Float(number)))
      }
      try writer.commit()
    }
    try writer.compact()
    #expect(try ids() == ["b2", "b1", "b0"])
  }

  // MARK: Misuse

  @Test func misuseTraps() async throws {
    try write([[1, 2]])
    let limit = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [path = path as String] in
      _ = try VectorIndex(folder: path).search([1, 2], limit: 0)
    }
    #expect(said(limit, "a limit of 0"))
    let added = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [path = path as String] in
      let document = IndexedDocument(id: "x", text: "x")
      try VectorIndexWriter(folder: path).add(document, vector: [1, 2], position: -1)
    }
    #expect(said(added, "a position of -1"))
    let moved = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [path = path as String] in
      _ = try VectorIndexWriter(folder: path).move(id: "0", to: -2)
    }
    #expect(said(moved, "a position of -2"))
    let kept = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [path = path as String] in
      let writer = try VectorIndexWriter(folder: path)
      try writer.beginUpdate()
      _ = try writer.keep(IndexedDocument(id: "0", text: "text 0"), at: 1 << 61)
    }
    #expect(said(kept, "a position of \(1 << 61)"))
  }

  /// After an error a writer may be in the middle of a change, so it does nothing more.
  @Test func aWriterIsOfNoUseAfterAnError() async throws {
    try write([[1, 2]])
    let used = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [path = path as String] in
      let writer = try VectorIndexWriter(folder: path), document = IndexedDocument(id: "x", text: "x")
      // Without the folder no segment can be written.
      try FileManager.default.moveItem(atPath: path, toPath: path + "-moved")
      #expect(throws: (any Error).self) { try writer.add(document, vector: [3, 4]) }
      _ = try? writer.add(document, vector: [3, 4])
    }
    #expect(said(used, "this writer had an error"))
  }

  private func said(_ result: ExitTest.Result?, _ words: String) -> Bool {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).contains(words)
  }

  // MARK: Bad input

  @Test func badVectorsAreErrors() throws {
    try write([[1, 2]])
    let index = try VectorIndex(folder: path), writer = try VectorIndexWriter(folder: path)
    let document = IndexedDocument(id: "x", text: "x")
    for (vector, reason) in [
      ([1, 2, 3], IndexError.Problem.dimension(3, expected: 2)), ([1, .infinity], .notFinite(.infinity, element: 1)),
    ] as [([Float], IndexError.Problem)] {
      #expect(throws: IndexError(reason)) { try index.search(vector) }
      #expect(throws: IndexError(reason)) { try writer.add(document, vector: vector) }
    }
    #expect(throws: IndexError.self) { try index.search([1e30, 0]) }
    #expect(throws: IndexError.self) { try writer.add(document, vector: [1e30, 0]) }
    #expect(throws: IndexError.self) { try index.search([.nan, 0]) }
    #expect(writer.count == 1)
  }

  @Test func aFolderWithoutAnIndexIsAnError() throws {
    #expect(throws: IndexError(.missing, path: path)) { try VectorIndex(folder: path) }
  }
}
