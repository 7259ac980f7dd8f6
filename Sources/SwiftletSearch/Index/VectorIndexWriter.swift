// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

/// Makes an index or changes one. Readers see nothing of it before ``commit()``.
///
/// ```swift
/// let writer = try VectorIndexWriter(folder: "sentences.swiftlet-index", IndexDescription(for: encoder))
/// for (text, vector) in zip(texts, try encoder.encode(texts)) {
///   try writer.add(IndexedDocument(id: text, text: text), vector: vector)
/// }
/// try writer.commit()
/// ```
///
/// Only one process at a time can change an index: the folder is locked until the writer is released. A process or machine
/// that stops in the middle leaves the index of the last commit; an ``IndexUpdate`` after it need not embed again what was
/// complete. After an error open a new writer: this one traps. Memory grows by some 100 bytes a document.
public final class VectorIndexWriter {
  /// The index's folder.
  public let folder: String

  /// What all vectors have in common.
  public var description: IndexDescription { manifest.description }

  /// The number of documents, with the changes since the last commit.
  public private(set) var count = 0

  private var manifest: IndexManifest
  private let lock: FolderLock
  private var segments: [StoredSegment] = []
  private var newest: SegmentWriter?

  /// The positions of the newest segment's rows, and where their documents begin.
  private var newestPositions: [UInt64] = []
  private var newestFirstRows: [Int] = []

  private var table = DocumentTable()

  /// The documents that a stopped update has embedded.
  private var pending = DocumentTable()

  private var nextPosition: UInt64 = 0
  private var hasFailed = false
  private let segmentRows: Int

  /// During an update: for each segment that was there before, which rows have come; else nil.
  private var arrived: [[Bool]]?

  /// A segment that is complete, with the positions that its rows will have.
  private struct StoredSegment {
    var record: IndexManifest.Segment
    let rows: Segment
    var positions: [UInt64]
    /// Whether the positions differ from those on the disk.
    var isChanged: Bool

    /// Counts the rows and documents that are live.
    mutating func count() throws(IndexError) {
      record.live = 0
      record.documents = 0
      for (row, position) in positions.enumerated() where position != Segment.deleted {
        record.live += 1
        if try rows.firstRow(ofDocumentAt: row) == row { record.documents += 1 }
      }
    }
  }

  /// Opens an index to be changed, or makes an empty one.
  ///
  /// - Parameters:
  ///   - folder: the index, which may hold no other files.
  ///   - description: what all vectors have in common; that of an existing index must be the same.
  /// - Throws: A ``SwiftletError`` if another process changes the index, if it has another description, or if a file is
  ///   damaged or cannot be written.
  public convenience init(folder: String, _ description: IndexDescription) throws {
    try self.init(folder: folder, description, segmentRows: SegmentWriter.maximumRows)
  }

  /// - Parameter segmentRows: the rows of a full segment; fewer in tests.
  init(folder: String, _ description: IndexDescription, segmentRows: Int) throws {
    guard 1...RowCoding.maximumDimension ~= description.dimension else {
      throw IndexError(.tooManyElements(description.dimension), path: folder)
    }
    self.folder = folder
    self.segmentRows = segmentRows
    let manifestPath = joinPath(folder, IndexManifest.fileName)
    if !exists(manifestPath), !(try Folder(folder).completeNames().allSatisfy(IndexManifest.isOwnName)) {
      throw IndexError(.otherFiles, path: folder)
    }
    try Folder(folder).create()
    guard let lock = try FolderLock(folder: folder) else { throw IndexError(.inUse, path: folder) }
    self.lock = lock
    // Looked for again: the writer that had the lock before may have made the first commit since.
    manifest =
      exists(manifestPath) ? try IndexManifest.read(folder: folder) : IndexManifest(description: description)
    if manifest.generation == 0, manifest.description != description {
      // Nothing was committed, so the vectors that wait are of no use.
      manifest.description = description
      manifest.segments = []
    }
    try manifest.description.check(equals: description, path: folder)
    try removeLeftovers()
    for record in manifest.segments {
      try adopt(Segment(record, of: manifest.description, folder: folder, .mapped), record)
    }
  }

  /// Opens an existing index to be changed.
  ///
  /// - Throws: A ``SwiftletError`` if there is no index, if another process changes it, or if a file is damaged.
  public convenience init(folder: String) throws {
    try self.init(folder: folder, try IndexManifest.read(folder: folder).description)
  }

  /// Notes the documents of a segment on the disk.
  private func adopt(_ rows: Segment, _ record: IndexManifest.Segment) throws {
    let number = segments.count
    segments.append(
      StoredSegment(
        record: record, rows: rows, positions: (0..<rows.rows).map { rows.position(of: $0) }, isChanged: false))
    for (row, position) in segments[number].positions.enumerated() {
      guard try rows.firstRow(ofDocumentAt: row) == row else { continue }
      if position == Segment.deleted {
        if record.isPending { pending.insert(RowPlace(segment: number, row: row), id: try rows.ids.text(of: row)) }
        continue
      }
      guard position <= Segment.largestPosition else {
        let path = joinPath(folder, record.positionsName)
        throw IndexError(.damaged("row \(row) has the position \(position)"), path: path)
      }
      nextPosition = max(nextPosition, position + 1)
      table.insert(RowPlace(segment: number, row: row), id: try rows.ids.text(of: row))
      count += 1
    }
  }

  // MARK: Documents

  /// Adds a document, in the place of one with the same id.
  ///
  /// - Parameters:
  ///   - document: the document.
  ///   - vector: its vector, of the index's dimension.
  ///   - position: where it stands among all, from 0: documents with equal scores are found in this order. nil: after all
  ///     others.
  /// - Throws: ``IndexError`` if the vector has another length, is not finite or too long; the errors of writing files.
  public func add(_ document: IndexedDocument, vector: some Collection<Float>, position: Int? = nil) throws {
    let window = DocumentWindow(vector: Array(vector), range: 0..<document.text.utf8.count)
    try add(document, [window], position: position)
  }

  private func isPosition(_ position: Int) -> Bool { 0...Int(Segment.largestPosition) ~= position }

  /// Adds a document with a vector for each window of its text.
  func add(_ document: IndexedDocument, _ windows: [DocumentWindow], position: Int?) throws {
    precondition(isPosition(position ?? 0), "a position of \(position ?? 0)")
    for window in windows {
      guard window.vector.count == description.dimension else {
        throw IndexError(.dimension(window.vector.count, expected: description.dimension))
      }
      try window.vector.withSpan { (vector) throws(IndexError) in try checkVector(vector) }
    }
    try failing {
      try remove(id: document.id)
      // Of equal positions, the row that was added last comes last.
      try append(document, windows, position.map { UInt64($0) } ?? min(nextPosition, Segment.largestPosition))
    }
  }

  private func append(_ document: IndexedDocument, _ windows: [DocumentWindow], _ position: UInt64) throws {
    // A document is in one segment, whose rows its last may exceed.
    if newestPositions.count + windows.count > segmentRows {
      try finishSegment()
      if arrived != nil { try savePending() }
    }
    guard windows.count <= SegmentWriter.maximumRows else { throw IndexError(.tooManyWindows(windows.count)) }
    if newest == nil { newest = try SegmentWriter(number: manifest.nextSegment, of: description, folder: folder) }
    let first = newestPositions.count
    try newest?.append(document, windows)
    table.insert(RowPlace(segment: segments.count, row: first), id: document.id)
    newestPositions += repeatElement(position, count: windows.count)
    newestFirstRows += repeatElement(first, count: windows.count)
    nextPosition = max(nextPosition, position + 1)
    count += 1
  }

  /// Removes a document; false if there is none with this id.
  @discardableResult
  public func remove(id: String) throws -> Bool {
    guard let place = try place(of: id) else { return false }
    try setPosition(Segment.deleted, of: place)
    table.remove(place, id: id)
    count -= 1
    return true
  }

  /// Whether there is a document with this id.
  public func contains(id: String) throws -> Bool { try place(of: id) != nil }

  /// Moves a document; false if there is none with this id.
  ///
  /// - Parameters:
  ///   - id: the document's id.
  ///   - position: as for ``add(_:vector:position:)``.
  @discardableResult
  public func move(id: String, to position: Int) throws -> Bool {
    precondition(isPosition(position), "a position of \(position)")
    guard let place = try place(of: id) else { return false }
    try setPosition(UInt64(position), of: place)
    nextPosition = max(nextPosition, UInt64(position) + 1)
    return true
  }

  /// Sets the position of all rows of the document that begins at a row.
  private func setPosition(_ position: UInt64, of place: RowPlace) throws(IndexError) {
    if place.segment == segments.count {
      for row in place.row..<newestPositions.count {
        guard newestFirstRows[row] == place.row else { break }
        newestPositions[row] = position
      }
    } else if segments[place.segment].positions[place.row] != position {
      for row in try segments[place.segment].rows.rows(ofDocumentAt: place.row) {
        segments[place.segment].positions[row] = position
      }
      segments[place.segment].isChanged = true
    }
  }

  private func place(of id: String) throws -> RowPlace? { try place(of: id, in: table) }

  private func place(of id: String, in table: DocumentTable) throws -> RowPlace? {
    try table.place(of: id) { place in
      place.segment == segments.count
        ? sameBytes(newest?.ids[place.row] ?? "", id)
        : sameBytes(try segments[place.segment].rows.ids.text(of: place.row), id)
    }
  }

  // MARK: Updates

  func beginUpdate() throws {
    try failing { if newest != nil { try finishSegment() } }
    arrived = segments.map { [Bool](repeating: false, count: $0.positions.count) }
  }

  /// Notes a document of the corpus whose text the index has already, or has from an update that was stopped; false if it
  /// does not. If only the metadata have changed, the document is written anew with its old vectors.
  func keep(_ document: IndexedDocument, at position: Int) throws -> Bool {
    precondition(isPosition(position), "a position of \(position)")
    for isPending in [false, true] {
      guard let place = try place(of: document.id, in: isPending ? pending : table), place.segment < arrived?.count ?? 0
      else { continue }
      let rows = segments[place.segment].rows, old = try rows.document(place.row)
      guard sameBytes(old.text, document.text) else { continue }
      guard old.metadata.hasSameMembers(as: document.metadata) else {
        try add(document, try rows.windows(ofDocumentAt: place.row), position: position)
        return true
      }
      if isPending {
        try remove(id: document.id)
        pending.remove(place, id: document.id)
        table.insert(place, id: document.id)
        count += 1
      }
      arrived?[place.segment][place.row] = true
      try setPosition(UInt64(position), of: place)
      nextPosition = max(nextPosition, UInt64(position) + 1)
      return true
    }
    return false
  }

  /// Whether a document of this id came since the update began.
  func hasCome(_ id: String) throws -> Bool {
    guard let place = try place(of: id), let arrived else { return false }
    return place.segment >= arrived.count || arrived[place.segment][place.row]
  }

  /// Removes the documents that did not come, and returns their number.
  func endUpdate() throws -> Int {
    var removed = 0
    for (number, rows) in (arrived ?? []).enumerated() {
      for (row, hasCome) in rows.enumerated()
      where !hasCome && segments[number].positions[row] != Segment.deleted {
        guard try segments[number].rows.firstRow(ofDocumentAt: row) == row else { continue }
        try remove(id: try segments[number].rows.ids.text(of: row))
        removed += 1
      }
    }
    arrived = nil
    return removed
  }

  // MARK: Committing

  /// Makes all changes since the last commit visible, all at once, and safe on the disk. Without changes it does nothing.
  public func commit() throws {
    let isNew = manifest.generation == 0
    let hasPending = manifest.segments.contains(where: \.isPending)
    guard isNew || hasPending || !newestPositions.isEmpty || segments.contains(where: \.isChanged) else { return }
    try failing {
      if newest != nil { try finishSegment() }
      var next = manifest
      next.revision += 1
      next.generation += 1
      for number in segments.indices where segments[number].isChanged {
        segments[number].isChanged = false
        try segments[number].count()
        guard segments[number].record.live > 0 else { continue }
        segments[number].record.positionsRevision = next.revision
        segments[number].record.isPending = false
        try write(segments[number].positions, of: &segments[number].record)
      }
      next.segments = segments.map(\.record).filter { $0.live > 0 }
      try next.write(folder: folder)
      manifest = next
      // Their segments may be gone.
      pending = DocumentTable()
      try removeLeftovers()
    }
  }

  /// Writes all documents anew, in the order of their positions, and commits. So rows of removed documents go.
  public func compact() throws {
    try commit()
    try failing {
      var order: [(position: UInt64, place: RowPlace)] = []
      order.reserveCapacity(count)
      for (number, segment) in segments.enumerated() {
        for (row, position) in segment.positions.enumerated() where position != Segment.deleted {
          guard try segment.rows.firstRow(ofDocumentAt: row) == row else { continue }
          order.append((position, RowPlace(segment: number, row: row)))
        }
      }
      order.sort { ($0.position, $0.place) < ($1.position, $1.place) }
      let old = segments
      // The commit has removed the files of segments without documents.
      for segment in old where segment.record.live > 0 {
        try segment.rows.checkDigests(segment.record.files, on: .shared)
      }
      segments = []
      table = DocumentTable()
      count = 0
      for (position, place) in order {
        let rows = old[place.segment].rows
        try append(try rows.document(place.row), try rows.windows(ofDocumentAt: place.row), position)
      }
    }
    try commit()
  }

  /// Whether the documents are in many more segments than they need: each takes files and mappings.
  var hasManySmallSegments: Bool { manifest.segments.count > 2 * (count / segmentRows) + 32 }

  /// Completes the newest segment, which the manifest does not know yet.
  private func finishSegment() throws {
    guard let writer = newest.take() else { return }
    var record = try writer.commit()
    manifest.nextSegment = record.number + 1
    // Positions that nobody reads, so that the segment can be opened.
    record.positionsRevision = manifest.revision + 1
    let stored = StoredSegment(
      record: record,
      rows: try Segment(record, of: description, folder: folder, .mapped, positions: newestPositions),
      positions: newestPositions, isChanged: true)
    segments.append(stored)
    newestPositions = []
    newestFirstRows = []
  }

  /// Keeps the segments that an update has completed, so that the next one need not embed their texts again if this one
  /// is stopped. Readers see none of their documents.
  private func savePending() throws {
    var next = manifest
    next.revision += 1
    let known = Set(manifest.segments.map(\.number))
    for number in segments.indices where !known.contains(segments[number].record.number) {
      var record = segments[number].record
      record.live = 0
      record.documents = 0
      record.isPending = true
      record.positionsRevision = next.revision
      try write(segments[number].positions.map { _ in Segment.deleted }, of: &record)
      next.segments.append(record)
    }
    try next.write(folder: folder)
    manifest = next
  }

  private func write(_ positions: [UInt64], of record: inout IndexManifest.Segment) throws {
    let path = joinPath(folder, record.positionsName)
    var file = try NumpyFile(path: path, type: Segment.positionType)
    for position in positions { try file.append(position) }
    try file.commit(shape: [positions.count])
    record.positionsDigest = try ThreadPool.shared.digest(ofFile: path)
  }

  /// Removes what no manifest names: files of a writer that was stopped, and those that a commit has replaced.
  private func removeLeftovers() throws {
    try Folder(folder).removeTemporaries()
    let needed = manifest.names
    for name in try Folder(folder).names() where IndexManifest.isOwnName(name) && !needed.contains(name) {
      Folder(joinPath(folder, name)).removeInPlace()
    }
  }

  /// Runs what may leave this object in the middle of a change.
  private func failing(_ body: () throws -> Void) throws {
    precondition(!hasFailed, "this writer had an error: a new one goes on from the last commit")
    hasFailed = true
    try body()
    hasFailed = false
  }
}

/// Finds rows by the ids of their documents. It keeps hashes, not ids: the segments have those.
private struct DocumentTable {
  private var places: [Int: RowPlace] = [:]
  /// The places of ids whose hash another has.
  private var others: [UTF8Key: RowPlace] = [:]

  mutating func insert(_ place: RowPlace, id: String) {
    let key = UTF8Key(id)
    if places[key.hashValue] == nil { places[key.hashValue] = place } else { others[key] = place }
  }

  mutating func remove(_ place: RowPlace, id: String) {
    let key = UTF8Key(id)
    if places[key.hashValue] == place { places[key.hashValue] = nil } else { others[key] = nil }
  }

  /// - Parameter isRowOfID: whether the row's document has the id.
  func place(of id: String, _ isRowOfID: (RowPlace) throws -> Bool) rethrows -> RowPlace? {
    let key = UTF8Key(id)
    guard let place = places[key.hashValue] else { return others[key] }
    return try isRowOfID(place) ? place : others[key]
  }
}
