// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletFiles

/// Makes an index of vectors that are there already.
struct ImportVectors: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Make an index of vectors from elsewhere.",
    discussion: """
      Ids and texts of npy and fvecs files are the lines of other files; without ids, the vectors' numbers are taken, \
      counted from 1. Vectors that the index has of the same ids are replaced. Only if --model says what made the vectors \
      can texts be searched for.
      """)

  @Argument(help: "The vectors: .npy, .fvecs, or .jsonl with an embedding in each line.")
  var vectors: String

  @Option(help: ArgumentHelp("The index's folder.", valueName: "dir"))
  var index: String

  @Option(help: "What the vectors are written as (default: as the file's name ends).")
  var dataFormat: ImportFormat?

  @Option(help: ArgumentHelp("The ids, one a line.", valueName: "file"))
  var ids: String?

  @Option(help: ArgumentHelp("The texts, one a line.", valueName: "file"))
  var texts: String?

  @Option(help: ArgumentHelp("The model folder that made the vectors.", valueName: "dir"))
  var model: String?

  @Option(
    help: "What finds the best vectors: 8-bit codes and then float32, or float32 alone. The results are the same.")
  var scan = IndexDescription.Scan.int8

  func validate() throws {
    if format == nil { throw ValidationError("give --data-format: the name \(vectors.debugDescription) does not tell") }
    if format == .jsonl, ids != nil || texts != nil {
      throw ValidationError("--ids and --texts go with npy and fvecs: JSON Lines hold their own")
    }
  }

  private var format: ImportFormat? {
    dataFormat ?? ImportFormat.allCases.first { vectors.hasSuffix(".\($0.rawValue)") }
  }

  func run() throws {
    Interruption.handleSignals()
    switch format {
    case .npy: try importArray(.npy)
    case .fvecs: try importArray(.fvecs)
    case .jsonl, nil: try importObjects()
    }
  }

  private func writer(_ dimension: Int) throws -> VectorIndexWriter {
    var description = IndexDescription(dimension: dimension, scan: scan)
    if let model {
      let encoder = try SentenceEncoder(folder: model)
      description = try IndexDescription(for: encoder, prompt: "", scan: scan)
    }
    return try VectorIndexWriter(folder: index, description)
  }

  private func importArray(_ format: VectorReader.Format) throws {
    var reader = try VectorReader(path: vectors, format: format)
    let writer = try writer(reader.dimension)
    var idLines = try SideLines(ids), textLines = try SideLines(texts), known = KnownIDs()
    while let vector = try reader.next() {
      let number = reader.position, id = try idLines.next(number)
      if let ids, let id { try known.add(id, at: "\(ids): line \(number)") }
      let document = IndexedDocument(id: id ?? "\(number)", text: try textLines.next(number) ?? "")
      do {
        try writer.add(document, vector: vector, position: number - 1)
      } catch let error as IndexError where error.path == nil {
        throw CorpusError(place: "\(vectors): vector \(number)", reason: error.reason, remedy: error.remedy)
      }
    }
    try idLines.finish(reader.count)
    try textLines.finish(reader.count)
    try writer.commit()
  }

  private func importObjects() throws {
    let reader = try CorpusReader(vectors, .jsonl)
    var writer: VectorIndexWriter?, known = KnownIDs()
    while let entry = try reader.next() {
      guard let numbers = entry.metadata["embedding"]?.array else {
        throw reader.error("has no array \"embedding\"", "write each document's vector into it")
      }
      var metadata = entry.metadata
      metadata["embedding"] = nil
      metadata["truncated"] = nil
      let vector = numbers.map { Float($0.double ?? .nan) }
      let document = IndexedDocument(id: entry.id ?? "\(entry.line)", text: entry.text, metadata: metadata)
      try known.add(document.id, at: "\(vectors): line \(entry.line)")
      do {
        if writer == nil { writer = try self.writer(vector.count) }
        try writer?.add(document, vector: vector, position: entry.line - 1)
      } catch let error as IndexError where error.path == nil {
        throw reader.error(error.reason, error.remedy)
      }
    }
    guard let writer else { throw reader.error("is empty", "give vectors") }
    try writer.commit()
  }
}

enum ImportFormat: String, ExpressibleByArgument, CaseIterable {
  case npy, fvecs, jsonl
}

/// The ids of an import so far. The index replaces a document of the same id: one of the same import would be lost.
private struct KnownIDs {
  private var all: Set<[UInt8]> = []

  mutating func add(_ id: String, at place: String) throws {
    guard !all.insert(Array(id.utf8)).inserted else { return }
    throw CorpusError(
      place: place, reason: "the id \(id.debugDescription) occurs twice", remedy: "give each document an id of its own")
  }
}

/// A line for each vector, of a file or of none.
private struct SideLines: ~Copyable {
  private let path: String?
  private var lines: LineReader?

  init(_ path: String?) throws {
    let lines = try path.map { try LineReader(path: $0) }
    self.path = path
    self.lines = lines
  }

  /// - Parameter number: of the vector, for the error.
  mutating func next(_ number: Int) throws -> String? {
    guard let path else { return nil }
    if let line = try lines?.next() { return line }
    throw CorpusError(
      place: path, reason: "ends before vector \(number)", remedy: "give a line for each vector")
  }

  mutating func finish(_ count: Int) throws {
    guard let path, try lines?.next() != nil else { return }
    throw CorpusError(
      place: path, reason: "has more lines than there are vectors, \(count)", remedy: "give one for each")
  }
}
