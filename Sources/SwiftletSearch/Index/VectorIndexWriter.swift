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
/// that stops in the middle leaves the index of the last commit, and the next writer removes the rest. After an error
/// nothing but a new writer can go on. Memory grows by some 50 bytes a document.
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
  private var nextPosition: UInt64 = 0
  private var nextSegment = 0
  private var hasFailed = false

  /// During an update: for each segment that was there before, which rows have come.
  private var arrived: [[Bool]] = []

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
  /// - Parameter description: what all vectors have in common; that of an existing index must be the same.
  /// - Throws: A ``SwiftletError`` if another process changes the index, if it has another description, or if a file is
  ///   damaged or cannot be written.
  public init(folder: String, _ description: IndexDescription) throws {
    guard 1...RowCoding.maximumDimension ~= description.dimension else {
      throw IndexError(.tooManyElements(description.dimension), path: folder)
    }
    self.folder = folder
    let isThere = exists(joinPath(folder, IndexManifest.fileName))
    if !isThere, !(try Folder(folder).completeNames().allSatisfy(IndexManifest.isOwnName)) {
      throw IndexError(.otherFiles, path: folder)
    }
    try Folder(folder).create()
    guard let lock = try FolderLock(folder: folder) else { throw IndexError(.inUse, path: folder) }
    self.lock = lock
    manifest = isThere ? try IndexManifest.read(folder: folder) : IndexManifest(description: description)
    try manifest.description.check(equals: description, path: folder)
    try removeLeftovers()
    for record in manifest.segments {
      try adopt(Segment(record, of: manifest.description, folder: folder, .mapped), record)
    }
  }

  /// Opens an existing index to be changed.
  public convenience init(folder: String) throws {
    try self.init(folder: folder, try IndexManifest.read(folder: folder).description)
  }

  /// Notes the documents of a segment on the disk.
  private func adopt(_ rows: Segment, _ record: IndexManifest.Segment) throws {
    let number = segments.count
    nextSegment = max(nextSegment, record.number + 1)
    segments.append(
      StoredSegment(
        record: record, rows: rows, positions: (0..<rows.rows).map { rows.position(of: $0) }, isChanged: false))
    for (row, position) in segments[number].positions.enumerated() where position != Segment.deleted {
      guard try rows.firstRow(ofDocumentAt: row) == row else { continue }
      nextPosition = max(nextPosition, position &+ 1)
      table.insert(RowPlace(segment: number, row: row), id: try rows.ids.text(of: row))
      count += 1
    }
  }

  // MARK: Documents

  /// Adds a document, in the place of one with the same id.
  ///
  /// - Parameters:
  ///   - vector: its vector, of the index's dimension.
  ///   - position: where it stands among all: documents with equal scores are found in this order. nil: after all others.
  /// - Throws: ``IndexError`` if the vector has another length, is not finite or too long; the errors of writing files.
  public func add(_ document: IndexedDocument, vector: some Collection<Float>, position: Int? = nil) throws {
    let window = DocumentWindow(vector: Array(vector), range: 0..<document.text.utf8.count)
    try add(document, [window], position: position)
  }

  /// Adds a document with a vector for each window of its text.
  func add(_ document: IndexedDocument, _ windows: [DocumentWindow], position: Int?) throws {
    for window in windows {
      guard window.vector.count == description.dimension else {
        throw IndexError(.dimension(window.vector.count, expected: description.dimension))
      }
      try window.vector.withSpan { (vector) throws(IndexError) in try checkVector(vector) }
    }
    try failing {
      try remove(id: document.id)
      try append(document, windows, position.map { UInt64($0) } ?? nextPosition)
    }
  }

  private func append(_ document: IndexedDocument, _ windows: [DocumentWindow], _ position: UInt64) throws {
    // A document is in one segment, whose rows its last may exceed.
    if newestPositions.count + windows.count > SegmentWriter.maximumRows { try finishSegment() }
    guard windows.count <= SegmentWriter.maximumRows else { throw IndexError(.tooManyWindows(windows.count)) }
    if newest == nil { newest = try SegmentWriter(number: nextSegment, of: description, folder: folder) }
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
  /// - Parameter position: as for ``add(_:vector:position:)``.
  @discardableResult
  public func move(id: String, to position: Int) throws -> Bool {
    guard let place = try place(of: id) else { return false }
    try setPosition(UInt64(position), of: place)
    nextPosition = max(nextPosition, UInt64(position) + 1)
    return true
  }

  /// Sets the position of all rows of the document that begins at a row.
  private func setPosition(_ position: UInt64, of place: RowPlace) throws(IndexError) {
    if place.segment == segments.count {
      for row in place.row..<newestPositions.count where newestFirstRows[row] == place.row {
        newestPositions[row] = position
      }
    } else if segments[place.segment].positions[place.row] != position {
      for row in try segments[place.segment].rows.rows(ofDocumentAt: place.row) {
        segments[place.segment].positions[row] = position
      }
      segments[place.segment].isChanged = true
    }
  }

  private func place(of id: String) throws -> RowPlace? {
    try table.place(of: id) { place in
      place.segment == segments.count
        ? sameBytes(newest?.ids[place.row] ?? "", id)
        : sameBytes(try segments[place.segment].rows.ids.text(of: place.row), id)
    }
  }

  // MARK: Updates

  func beginUpdate() { arrived = segments.map { [Bool](repeating: false, count: $0.positions.count) } }

  /// Notes a document of the corpus that the index has already; false if it does not, or has another text for it. If only
  /// the metadata have changed, the document is written anew with its old vector.
  func keep(_ document: IndexedDocument, at position: Int) throws -> Bool {
    guard let place = try place(of: document.id), place.segment < arrived.count else { return false }
    let rows = segments[place.segment].rows, old = try rows.document(place.row)
    guard sameBytes(old.text, document.text) else { return false }
    if old.metadata == document.metadata {
      arrived[place.segment][place.row] = true
      try setPosition(UInt64(position), of: place)
      nextPosition = max(nextPosition, UInt64(position) + 1)
    } else {
      try add(document, try rows.windows(ofDocumentAt: place.row), position: position)
    }
    return true
  }

  /// Whether a document of this id came since the update began.
  func hasCome(_ id: String) throws -> Bool {
    guard let place = try place(of: id) else { return false }
    return place.segment >= arrived.count || arrived[place.segment][place.row]
  }

  /// Removes the documents that did not come, and returns their number.
  func endUpdate() throws -> Int {
    var removed = 0
    for (number, rows) in arrived.enumerated() {
      for (row, hasCome) in rows.enumerated()
      where !hasCome && segments[number].positions[row] != Segment.deleted {
        guard try segments[number].rows.firstRow(ofDocumentAt: row) == row else { continue }
        try remove(id: try segments[number].rows.ids.text(of: row))
        removed += 1
      }
    }
    arrived = []
    return removed
  }

  // MARK: Committing

  /// Makes all changes since the last commit visible, all at once, and safe on the disk. Without changes it does nothing.
  public func commit() throws {
    let isNew = manifest.generation == 0
    guard isNew || !newestPositions.isEmpty || segments.contains(where: \.isChanged) else { return }
    try failing {
      if newest != nil { try finishSegment() }
      var next = manifest
      next.generation += 1
      for number in segments.indices {
        try segments[number].count()
        guard segments[number].isChanged, segments[number].record.live > 0 else { continue }
        segments[number].record.positionsGeneration = next.generation
        try writePositions(of: segments[number])
        segments[number].isChanged = false
      }
      next.segments = segments.map(\.record).filter { $0.live > 0 }
      try next.write(folder: folder)
      manifest = next
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
      order.sort { ($0.position, $0.place.segment, $0.place.row) < ($1.position, $1.place.segment, $1.place.row) }
      let old = segments
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

  /// Completes the newest segment, which the manifest does not know yet.
  private func finishSegment() throws {
    guard let writer = newest.take() else { return }
    var record = try writer.commit()
    nextSegment = record.number + 1
    // Positions that nobody reads, so that the segment can be opened.
    record.positionsGeneration = manifest.generation + 1
    let stored = StoredSegment(
      record: record,
      rows: try Segment(record, of: description, folder: folder, .mapped, positions: newestPositions),
      positions: newestPositions, isChanged: true)
    segments.append(stored)
    newestPositions = []
    newestFirstRows = []
  }

  private func writePositions(of segment: StoredSegment) throws {
    var file = try NumpyFile(path: joinPath(folder, segment.record.positionsName), type: Segment.positionType)
    for position in segment.positions { try file.append(position) }
    try file.commit(shape: [segment.positions.count])
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
