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
    /// The commit that wrote the positions.
    var positionsGeneration: Int

    var folderName: String { "segment-\(numbered(number))" }
    var positionsName: String { "positions-\(numbered(number))-\(positionsGeneration).npy" }
  }

  /// The number of commits so far.
  var generation = 0
  var description: IndexDescription
  var segments: [Segment] = []

  static let fileName = "manifest.json"

  /// Whether a file of an index may have this name.
  static func isOwnName(_ name: String) -> Bool {
    name == fileName || name.hasPrefix("segment-") || name.hasPrefix("positions-")
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
    var text: [UInt8] = []
    JSONWriter.append(.object(json), indented: true, to: &text)
    var file = try AtomicFile(path: joinPath(folder, IndexManifest.fileName))
    try file.write(text + "\n".utf8)
    try file.commit()
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
      "generation": .number(JSONNumber(generation)),
    ]
    for member in description.json.members { object[member.key] = member.value }
    object["segments"] = .array(segments.map { .object($0.json) })
    return object
  }

  private init?(_ json: JSONObject) {
    guard let generation = json["generation"]?.int, let description = IndexDescription(json),
      let segments = json["segments"]?.array
    else { return nil }
    self.init(generation: generation, description: description)
    for value in segments {
      guard let object = value.object, let segment = Segment(object) else { return nil }
      self.segments.append(segment)
    }
    guard Set(self.segments.map(\.number)).count == segments.count else { return nil }
  }
}

extension IndexManifest.Segment {
  fileprivate var json: JSONObject {
    var records = JSONObject()
    for file in files {
      records[file.name] = .object(["bytes": .number(JSONNumber(file.byteCount)), "sha256": .string(file.sha256)])
    }
    return [
      "number": .number(JSONNumber(number)), "rows": .number(JSONNumber(rows)), "live": .number(JSONNumber(live)),
      "documents": .number(JSONNumber(documents)), "positions": .number(JSONNumber(positionsGeneration)),
      "fields": .array(fields.map { .string($0) }),
      "files": .object(records),
    ]
  }

  fileprivate init?(_ json: JSONObject) {
    guard let number = json["number"]?.int, let rows = json["rows"]?.int, let live = json["live"]?.int,
      let documents = json["documents"]?.int, let positions = json["positions"]?.int,
      let fields = json["fields"]?.array, let files = json["files"]?.object,
      number >= 0, positions >= 0, 1...SegmentWriter.maximumRows ~= rows, 0...rows ~= live, 0...live ~= documents
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
      positionsGeneration: positions)
  }
}
