// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders
import SwiftletFiles
public import SwiftletTensors

/// An index of documents on disk, searched by their vectors.
///
/// ```swift
/// let index = try VectorIndex(folder: "sentences.swiftlet-index")
/// for hit in try index.search("A man is eating food.", with: encoder) { print(hit.score, hit.document.text) }
/// ```
///
/// A search is exact: it finds the documents with the largest float32 dot products, in order, and documents with equal
/// ones in the order of their positions. The result is the same on every CPU, with any number of threads and whatever else
/// is searched for at once.
///
/// An index opened is a snapshot: its files never change, so that readers need no lock. A writer's next commit is seen by
/// those who open it after. Any number of tasks can search at once.
public struct VectorIndex: Sendable {
  /// The index's folder.
  public let folder: String

  /// What all vectors have in common.
  public var description: IndexDescription { manifest.description }

  /// The number of commits that made this state.
  public var generation: Int { manifest.generation }

  /// The number of documents.
  public let count: Int

  /// The number of vectors: of documents, or of their windows.
  public let vectorCount: Int

  let manifest: IndexManifest
  let segments: [Segment]
  let pool: ThreadPool
  let kernels: Kernels

  /// Opens an index. Files are mapped, so this takes as long for a large one as for a small one.
  ///
  /// - Parameters:
  ///   - folder: what a ``VectorIndexWriter`` made.
  ///   - mapsFiles: if false, all files are read into memory, and nothing that others do to them can disturb. A mapped
  ///     file that another program cuts short ends this process (SIGBUS); writers of this package never do that.
  ///   - threadCount: the threads that search; nil: one for each processor, shared by all of the process.
  /// - Throws: A ``SwiftletError`` if there is no index, or its files are not what the manifest says. What lies in the
  ///   files is checked by ``check()``.
  public init(folder: String, mapsFiles: Bool = true, threadCount: Int? = nil) throws {
    let pool = threadCount.map { ThreadPool(threadCount: $0) } ?? .shared
    var manifest = try IndexManifest.read(folder: folder)
    while true {
      guard manifest.generation > 0 else { throw IndexError(.missing, path: folder) }
      do {
        try self.init(folder: folder, manifest, mapsFiles ? .mapped : .inMemory, pool)
        return
      } catch {
        // A writer may have committed since, and removed what only the older manifest needs.
        let newer = try IndexManifest.read(folder: folder)
        guard newer.revision != manifest.revision else { throw error }
        manifest = newer
      }
    }
  }

  init(folder: String, _ manifest: IndexManifest, _ access: FileContents.Access, _ pool: ThreadPool) throws {
    self.folder = folder
    var manifest = manifest
    manifest.segments.removeAll(where: \.isPending)
    self.manifest = manifest
    self.pool = pool
    kernels = try Kernels.selected()
    segments = try manifest.segments.map {
      try Segment($0, of: manifest.description, folder: folder, access)
    }
    count = manifest.segments.reduce(0) { $0 + $1.documents }
    vectorCount = manifest.segments.reduce(0) { $0 + $1.live }
  }

  /// The document that a row belongs to, and the row's part of its text.
  func document(_ place: RowPlace) throws -> (document: IndexedDocument, passage: String) {
    let segment = segments[place.segment]
    let document = try segment.document(try segment.firstRow(ofDocumentAt: place.row))
    return (document, segment.window(of: place.row).map { document.text.utf8Part($0) } ?? document.text)
  }
}

/// Where a row is.
struct RowPlace: Hashable, Comparable, Sendable {
  let segment: Int
  let row: Int

  static func < (left: RowPlace, right: RowPlace) -> Bool { (left.segment, left.row) < (right.segment, right.row) }
}

// MARK: Searching

extension VectorIndex {
  /// The documents whose vectors have the largest dot products with a query's. The calling thread takes part in
  /// the work.
  ///
  /// - Parameters:
  ///   - query: a vector of the index's dimension.
  ///   - limit: how many documents; fewer are found only if fewer fulfill the filter.
  ///   - filter: which documents are searched; nil: all.
  /// - Throws: ``IndexError`` if the vector has another length, is not finite or too long.
  /// - Complexity: O(rows · dimension), most of it in 8-bit integers unless the scan is in float32.
  public func search(_ query: [Float], limit: Int = 10, where filter: SearchFilter? = nil) throws -> SearchResults {
    try search(Tensor(query, shape: [1, query.count]), limit: limit, where: filter)[0]
  }

  /// The documents nearest to each of several queries, which are scanned for together. The calling thread takes part in
  /// the work.
  ///
  /// - Parameters:
  ///   - queries: vectors of the index's dimension, `[queries, dimension]`.
  ///   - limit: how many documents for each query; fewer are found only if fewer fulfill the filter.
  ///   - filter: which documents are searched; nil: all.
  /// - Throws: ``IndexError`` if the vectors have another length, are not finite or too long.
  /// - Complexity: O(queries · rows · dimension), most of it in 8-bit integers unless the scan is in float32.
  public func search(_ queries: Tensor, limit: Int = 10, where filter: SearchFilter? = nil) throws -> [SearchResults] {
    try search(queries, limit: limit, where: filter, on: pool)
  }

  /// The documents nearest to each of several queries, found on the index's threads while the caller is suspended.
  ///
  /// The parameters are those of the synchronous method, which gives the same bits.
  ///
  /// - Throws: The same errors, and `CancellationError`.
  public func search(
    _ queries: Tensor, limit: Int = 10, where filter: SearchFilter? = nil
  ) async throws -> [SearchResults] {
    let groups = try groups(queries, limit: limit)
    let live = try await pool.perform { _ in Result { try liveRows(where: filter) } }.get()
    var results: [SearchResults] = []
    for group in groups {
      var run = SearchRun(segments, live: live, queries: group, limit: limit, kernels: kernels)
      while true {
        try await pool.run(count: run.chunks.count) { [run] index, worker in run.scan(index, worker) }
        try await pool.run(count: group.rows) { [run] index, _ in run.score(index) }
        guard let next = try run.extended(for: limit) else { break }
        run = next
      }
      results += try run.results(self, limit: limit)
    }
    return results
  }

  private func search(
    _ queries: Tensor, limit: Int, where filter: SearchFilter?, on pool: ThreadPool
  ) throws -> [SearchResults] {
    let groups = try groups(queries, limit: limit), live = try liveRows(where: filter)
    var results: [SearchResults] = []
    for group in groups {
      var run = SearchRun(segments, live: live, queries: group, limit: limit, kernels: kernels)
      while true {
        pool.run(count: run.chunks.count) { [run] index, worker in run.scan(index, worker) }
        pool.run(count: group.rows) { [run] index, _ in run.score(index) }
        guard let next = try run.extended(for: limit) else { break }
        run = next
      }
      results += try run.results(self, limit: limit)
    }
    return results
  }

  /// The documents nearest to a text.
  ///
  /// - Parameters:
  ///   - text: the query.
  ///   - encoder: an encoder with the model and the settings that the index was made with.
  ///   - prompt: the name of the prompt before the query; nil: the folder's default prompt, if any; empty: none.
  ///   - limit: how many documents; fewer are found only if fewer fulfill the filter.
  ///   - filter: which documents are searched; nil: all.
  /// - Throws: ``IndexError`` if the encoder is of another model; the errors of the encoder.
  public func search(
    _ text: String, with encoder: SentenceEncoder, prompt: String? = nil, limit: Int = 10,
    where filter: SearchFilter? = nil
  ) throws -> SearchResults {
    try search([text], with: encoder, prompt: prompt, limit: limit, where: filter)[0]
  }

  /// The documents nearest to each of several texts, which are embedded and scanned for together.
  ///
  /// - Parameters:
  ///   - texts: the queries.
  ///   - encoder: an encoder with the model and the settings that the index was made with.
  ///   - prompt: the name of the prompt before each query; nil: the folder's default prompt, if any; empty: none.
  ///   - limit: how many documents for each query; fewer are found only if fewer fulfill the filter.
  ///   - filter: which documents are searched; nil: all.
  /// - Throws: ``IndexError`` if the encoder is of another model; the errors of the encoder.
  public func search(
    _ texts: [String], with encoder: SentenceEncoder, prompt: String? = nil, limit: Int = 10,
    where filter: SearchFilter? = nil
  ) throws -> [SearchResults] {
    try check(encoder)
    return try search(try encoder.encode(texts, prompt: prompt).tensor, limit: limit, where: filter, on: encoder.pool)
  }

  /// Throws unless an encoder's vectors can be compared with the index's.
  ///
  /// The first call for an encoder reads the model's files.
  ///
  /// - Throws: ``IndexError`` that says what differs.
  public func check(_ encoder: SentenceEncoder) throws {
    guard let model = description.model else { throw IndexError(.foreignVectors, path: folder) }
    try model.check(isComparableWith: try IndexedModel(encoder, prompt: ""), index: folder)
  }

  /// The rows that are searched: a bit each, by segment.
  private func liveRows(where filter: SearchFilter?) throws -> [[UInt16]] {
    guard let filter else { return segments.map(\.live) }
    return try segments.map { segment in
      let test = try filter.condition.test(in: segment)
      return try segment.live(where: test)
    }
  }

  /// Queries that are scanned for together: memory grows with their number.
  private func groups(_ queries: Tensor, limit: Int) throws(IndexError) -> [MatrixView] {
    precondition(queries.shape.count == 2, "queries of shape \(queries.shape), not [queries, dimension]")
    precondition(limit > 0, "a limit of \(limit) documents")
    guard queries.shape[1] == description.dimension else {
      throw IndexError(.dimension(queries.shape[1], expected: description.dimension))
    }
    let rows = queries.matrix
    for row in 0..<rows.rows { try rows.row(row).withSpan { (query) throws(IndexError) in try checkVector(query) } }
    let size = 128
    return stride(from: 0, to: rows.rows, by: size).map { rows.rows($0..<min($0 + size, rows.rows)) }
  }
}

/// Throws for a vector whose dot products may not be finite.
func checkVector(_ vector: Span<Float>) throws(IndexError) {
  for element in vector.indices where !vector[element].isFinite {
    throw IndexError(.notFinite(vector[element], element: element))
  }
  let norm = RowCoding.extent(vector).norm
  guard norm <= RowCoding.maximumNorm else { throw IndexError(.tooLong(norm: norm)) }
}

/// The documents found for a query, the best first.
public struct SearchResults: RandomAccessCollection, Equatable, Sendable {
  private let hits: [SearchHit]

  /// How many float32 dot products were computed. With 8-bit codes these are a few more than the documents asked for.
  public let scoredRows: Int

  init(_ hits: [SearchHit], scoredRows: Int) {
    self.hits = hits
    self.scoredRows = scoredRows
  }

  /// The index of the best document, 0.
  public var startIndex: Int { 0 }

  /// The number of documents.
  public var endIndex: Int { hits.count }

  /// A document that was found.
  public subscript(rank: Int) -> SearchHit { hits[rank] }
}
