// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletFiles

/// Writes the vectors for other programs.
struct ExportIndex: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the vectors for another program.",
    discussion: """
      In the order of the documents:
        npy            a NumPy array, float32
        fvecs          each vector after its length
        faiss          an IndexIDMap2 of an IndexFlatIP; ids are the documents' where all are whole numbers, else lines
        pgcopy-text    for COPY in PostgreSQL with pgvector: id, text, vector
        pgcopy-binary  the same for COPY … (FORMAT binary)
        jsonl          {"id":…,"text":…,"embedding":[…]} and the documents' other members, but for those of these names
      Of a text that was divided into windows each is a vector of its own, with the text of the window.
      """)

  @OptionGroup var options: IndexOptions

  @Option(help: "What to write.")
  var format: ExportFormat

  @Option(help: ArgumentHelp("Where it goes (default: standard output).", valueName: "file"))
  var output: String?

  func run() throws {
    Interruption.handleSignals()
    let index = try VectorIndex(folder: options.index)
    let output = try Output(path: output)
    if format == .postgresText || format == .postgresBinary, index.description.dimension > 16_000 {
      throw ValidationError("pgvector stores at most 16000 elements, these vectors have \(index.description.dimension)")
    }
    var exporter = Exporter(format, index)
    try output.write(exporter.beginning())
    var bytes: [UInt8] = []
    try index.forEachDocument { document, position, vector in
      try exporter.append(document, position, vector, to: &bytes)
      if bytes.count >= 1 << 20 {
        try output.write(bytes)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    try output.write(bytes + exporter.end())
    try output.finish()
  }
}

enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
  case npy, fvecs, faiss
  case postgresText = "pgcopy-text"
  case postgresBinary = "pgcopy-binary"
  case jsonl
}

/// Writes documents in a format.
struct Exporter {
  private let format: ExportFormat
  private let count: Int
  private let dimension: Int
  /// What a faiss index calls the documents; nil once an id is no whole number.
  private var ids: [Int64]? = []
  private var positions: [Int64] = []

  init(_ format: ExportFormat, _ index: VectorIndex) {
    self.format = format
    count = index.vectorCount
    dimension = index.description.dimension
  }

  /// What comes before all documents.
  func beginning() -> [UInt8] {
    switch format {
    case .npy: NumpyHeader(type: "<f4", shape: [count, dimension]).bytes
    case .faiss:
      // faiss/impl/index_write.cpp: the head of the map, then the index it maps to.
      Array("IxM2".utf8) + faissHead + Array("IxFI".utf8) + faissHead + bytes(UInt64(count * dimension))
    case .postgresBinary: Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] + [UInt8](repeating: 0, count: 8)
    case .fvecs, .postgresText, .jsonl: []
    }
  }

  /// The dimension, the count, two fields that nobody reads, that the index is trained, and the inner product as metric.
  private var faissHead: [UInt8] {
    bytes(Int32(dimension)) + bytes(Int64(count)) + bytes(Int64(1 << 20)) + bytes(Int64(1 << 20)) + [1]
      + bytes(Int32(0))
  }

  mutating func append(_ document: IndexedDocument, _ position: Int, _ vector: [Float], to output: inout [UInt8]) throws
  {
    switch format {
    case .npy: append(vector, to: &output)
    case .fvecs:
      output += bytes(Int32(dimension))
      append(vector, to: &output)
    case .faiss:
      if let id = Int64(document.id), "\(id)" == document.id, ids != nil { ids?.append(id) } else { ids = nil }
      positions.append(Int64(position) + 1)
      append(vector, to: &output)
    case .postgresText:
      try appendEscaped(document.id, of: document, to: &output)
      output.append(UInt8(ascii: "\t"))
      try appendEscaped(document.text, of: document, to: &output)
      output += "\t[".utf8
      output.append(vector, separator: ",")
      output += "]\n".utf8
    case .postgresBinary:
      output += bytes(Int16(3).bigEndian)
      for text in [document.id, document.text] {
        try checkText(text, of: document)
        output += bytes(Int32(text.utf8.count).bigEndian) + Array(text.utf8)
      }
      output += bytes(Int32(4 + 4 * dimension).bigEndian) + bytes(Int16(dimension).bigEndian) + [0, 0]
      for number in vector { output += bytes(number.bitPattern.bigEndian) }
    case .jsonl:
      output += #"{"id":"#.utf8
      JSONWriter.append(document.id, to: &output)
      output += #","text":"#.utf8
      JSONWriter.append(document.text, to: &output)
      output += #","embedding":["#.utf8
      output.append(vector, separator: ",")
      output.append(UInt8(ascii: "]"))
      for member in document.metadata.members where !["id", "text", "embedding"].contains(member.key) {
        output.append(UInt8(ascii: ","))
        JSONWriter.append(member.key, to: &output)
        output.append(UInt8(ascii: ":"))
        JSONWriter.append(member.value, to: &output)
      }
      output += "}\n".utf8
    }
  }

  /// What comes after all documents.
  func end() -> [UInt8] {
    switch format {
    case .faiss: bytes(UInt64(count)) + (ids ?? positions).flatMap { bytes($0) }
    case .postgresBinary: bytes(Int16(-1))
    case .npy, .fvecs, .postgresText, .jsonl: []
    }
  }

  private func append(_ vector: [Float], to output: inout [UInt8]) {
    for number in vector { output += bytes(number.bitPattern) }
  }

  /// As COPY's text format wants it: postgresql.org/docs/current/sql-copy.html
  private func appendEscaped(_ text: String, of document: IndexedDocument, to output: inout [UInt8]) throws {
    try checkText(text, of: document)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): output += "\\\\".utf8
      case UInt8(ascii: "\t"): output += "\\t".utf8
      case UInt8(ascii: "\n"): output += "\\n".utf8
      case UInt8(ascii: "\r"): output += "\\r".utf8
      default: output.append(byte)
      }
    }
  }

  /// PostgreSQL's texts have no NUL.
  private func checkText(_ text: String, of document: IndexedDocument) throws {
    if text.utf8.contains(0) { throw NotForPostgres(id: document.id) }
  }

  private func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}

/// A text that PostgreSQL cannot store.
struct NotForPostgres: Error, CustomStringConvertible {
  let id: String

  var description: String {
    "the document \(id.debugDescription) holds a NUL character, which PostgreSQL has no place for; remove it"
  }
}
