// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// What an index's folder holds: `manifest.json`, replaced as a whole with each commit.
///
/// Segments are folders that never change once they are there. What a commit changes of older segments, which rows are
/// live and in which order, it writes to new files of positions. So whoever read a manifest finds all that it names, until
/// a later commit removes it; and a process or machine that stops at any time leaves the old manifest or the new.
struct IndexManifest: Equatable {
  struct Segment: Equatable {
    let number: Int
    let rows: Int
    /// The names of its fields of metadata, in the order of their files.
    let fields: [String]
    /// The segment's files.
    let files: [FileRecord]
    /// How many rows are live.
    var live: Int
    /// How many documents these are: as many, unless texts have windows.
    var documents: Int
    /// The revision that wrote the positions.
    var positionsRevision: Int
    /// The digest of the file of positions: see `ThreadPool.digest(ofFile:)`.
    var positionsDigest = ""
    /// Whether the segment waits for the commit of an update: readers pass it over.
    var isPending = false

    var folderName: String { "segment-\(numbered(number))" }
    var positionsName: String { "positions-\(numbered(number))-\(positionsRevision).npy" }
  }

  /// How often the manifest was written, so that names with it are new.
  var revision = 0
  /// The number of commits so far. Before the first there is no index for a reader, though segments may be pending.
  var generation = 0
  var description: IndexDescription
  /// The number of the next segment: none is used twice, so that a reader never takes one for another.
  var nextSegment = 0
  var segments: [Segment] = []

  static let fileName = "manifest.json"

  /// Whether this is the name of a segment or of positions: no file of another program has one like it.
  static func isOwnName(_ name: String) -> Bool {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    func isNumber(_ word: Substring) -> Bool { !word.isEmpty && word.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
    return switch (parts.first, parts.count) {
    case ("segment", 2): parts[1].count >= 6 && isNumber(parts[1])
    case ("positions", 3):
      parts[1].count >= 6 && isNumber(parts[1]) && parts[2].hasSuffix(".npy") && isNumber(parts[2].dropLast(4))
    default: false
    }
  }

  private static let version = 1
  private static let maximumByteCount = 1 << 28

  /// - Throws: ``IndexError``, `FileError` or `JSONError`.
  static func read(folder: String) throws -> IndexManifest {
    let path = joinPath(folder, fileName)
    guard exists(path) else { throw IndexError(.missing, path: folder) }
    let json = try JSONParser.parse(path: path, limit: maximumByteCount)
    guard let object = json.object, object["format"]?.string == "swiftlet-index", let version = object["version"]?.int
    else { throw IndexError(.damaged("is no manifest of an index"), path: path) }
    guard version == IndexManifest.version else { throw IndexError(.unknownVersion(version), path: path) }
    guard let manifest = IndexManifest(object) else {
      throw IndexError(.damaged("lacks members of a manifest, or has wrong ones"), path: path)
    }
    return manifest
  }

  func write(folder: String) throws {
    try JSONValue.object(json).write(to: joinPath(folder, IndexManifest.fileName))
  }

  /// The names of all files and folders that the manifest needs, and its own.
  var names: Set<String> {
    Set(segments.flatMap { [$0.folderName, $0.positionsName] } + [IndexManifest.fileName])
  }
}

/// A number in the name of a file, which sorts as numbers do.
private func numbered(_ number: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
}

// MARK: JSON

extension IndexManifest {
  private var json: JSONObject {
    var object: JSONObject = [
      "format": .string("swiftlet-index"), "version": .number(JSONNumber(IndexManifest.version)),
      "revision": .number(JSONNumber(revision)), "generation": .number(JSONNumber(generation)),
      "next_segment": .number(JSONNumber(nextSegment)),
    ]
    for member in description.json.members { object[member.key] = member.value }
    object["segments"] = .array(segments.map { .object($0.json) })
    return object
  }

  private init?(_ json: JSONObject) {
    guard let revision = json.count("revision"), let generation = json.count("generation"),
      let nextSegment = json.count("next_segment"), let description = IndexDescription(json),
      let segments = json["segments"]?.array
    else { return nil }
    self.init(revision: revision, generation: generation, description: description, nextSegment: nextSegment)
    for value in segments {
      guard let object = value.object, let segment = Segment(object) else { return nil }
      self.segments.append(segment)
    }
    let numbers = self.segments.map(\.number)
    guard Set(numbers).count == segments.count, numbers.allSatisfy({ $0 < nextSegment }) else { return nil }
  }
}

extension JSONObject {
  /// A number from 0 to 2^53; nil if the member is something else.
  fileprivate func count(_ key: String) -> Int? { self[key]?.int.flatMap { 0...1 << 53 ~= $0 ? $0 : nil } }
}

extension IndexManifest.Segment {
  fileprivate var json: JSONObject {
    var records = JSONObject()
    for file in files {
      records[file.name] = .object(["bytes": .number(JSONNumber(file.byteCount)), "sha256": .string(file.sha256)])
    }
    return [
      "number": .number(JSONNumber(number)), "rows": .number(JSONNumber(rows)), "live": .number(JSONNumber(live)),
      "documents": .number(JSONNumber(documents)), "positions": .number(JSONNumber(positionsRevision)),
      "positions_sha256": .string(positionsDigest), "pending": .bool(isPending),
      "fields": .array(fields.map { .string($0) }),
      "files": .object(records),
    ]
  }

  fileprivate init?(_ json: JSONObject) {
    guard let number = json.count("number"), let rows = json.count("rows"), let live = json.count("live"),
      let documents = json.count("documents"), let positions = json.count("positions"),
      let positionsDigest = json["positions_sha256"]?.string,
      let isPending = json["pending"]?.bool, let fields = json["fields"]?.array, let files = json["files"]?.object,
      1...SegmentWriter.maximumRows ~= rows, 0...rows ~= live, 0...live ~= documents
    else { return nil }
    let names = fields.compactMap(\.string)
    guard names.count == fields.count else { return nil }
    var records: [FileRecord] = []
    for member in files.members {
      guard let record = member.value.object, let byteCount = record["bytes"]?.int,
        let digest = record["sha256"]?.string, !member.key.utf8.contains(UInt8(ascii: "/"))
      else { return nil }
      records.append(FileRecord(name: member.key, byteCount: byteCount, sha256: digest))
    }
    self.init(
      number: number, rows: rows, fields: names, files: records, live: live, documents: documents,
      positionsRevision: positions,
      positionsDigest: positionsDigest, isPending: isPending)
  }
}
