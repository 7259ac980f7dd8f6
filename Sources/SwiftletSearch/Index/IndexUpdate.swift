// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders
public import SwiftletFiles
import SwiftletTensors

/// Brings an index up to date with a corpus: only texts that are new or have changed are embedded.
///
/// ```swift
/// let writer = try VectorIndexWriter(folder: "notes.swiftlet-index", IndexDescription(for: encoder))
/// var update = try IndexUpdate(of: writer, with: encoder)
/// for note in notes { try update.add(note.text) }
/// print(try update.commit())
/// ```
///
/// Documents come in the order of their positions. Those of the index that do not come are removed. Texts are embedded
/// together, some at a time: memory grows with the documents as the writer's does, not with their texts.
public struct IndexUpdate: ~Copyable {
  /// What an update has done.
  public struct Summary: Equatable, Sendable {
    /// Documents whose text was embedded.
    public var embedded = 0
    /// Documents that were there already, with the same text.
    public var kept = 0
    /// Documents that are gone.
    public var removed = 0
    /// The positions of texts that were cut to the encoder's maximum length.
    public var truncated: [Int] = []
  }

  /// What was done so far.
  public private(set) var summary = Summary()

  /// The number of documents that came so far.
  public private(set) var count = 0

  private let writer: VectorIndexWriter
  private let encoder: SentenceEncoder
  private let prompt: String?
  private let batchTexts: Int
  private var pending: [(document: IndexedDocument, position: Int)] = []
  private var pendingBytes = 0
  /// How often texts without an id occurred, for those that did more than once.
  private var repetitions: [UTF8Key: Int] = [:]
  private var idsOfPending: Set<UTF8Key> = []

  private static let maximumPendingBytes = 1 << 17

  /// Begins an update. Documents that are not added before the commit are removed.
  ///
  /// - Parameters:
  ///   - writer: the index.
  ///   - encoder: the encoder of the writer's description.
  ///   - prompt: as in the description.
  /// - Throws: ``IndexError`` if the encoder or the prompt is another; the errors of writing files.
  public init(of writer: VectorIndexWriter, with encoder: SentenceEncoder, prompt: String? = nil) throws {
    try self.init(of: writer, with: encoder, prompt: prompt, batchTexts: 1024)
  }

  /// - Parameter batchTexts: how many texts are embedded together at most; fewer in tests.
  init(of writer: VectorIndexWriter, with encoder: SentenceEncoder, prompt: String? = nil, batchTexts: Int) throws {
    self.batchTexts = batchTexts
    self.writer = writer
    self.encoder = encoder
    self.prompt = prompt
    // The digest of an encoder's model is known once a description was made for it.
    let mine = writer.description
    try mine.check(
      equals: IndexDescription(for: encoder, prompt: prompt, scan: mine.scan, windows: mine.windows),
      path: writer.folder)
    try writer.beginUpdate()
  }

  /// Adds the next document of the corpus. It is embedded only if the index does not have its text.
  ///
  /// - Parameters:
  ///   - text: the text to embed.
  ///   - id: what tells it from all others; nil: made of the text, so that a text keeps it wherever it stands.
  ///   - metadata: what filters ask for and hits return.
  ///   - position: where it stands among all, from 0; nil: after the last.
  /// - Throws: ``IndexError`` if the id came before; the errors of the encoder and the writer.
  public mutating func add(_ text: String, id: String? = nil, metadata: JSONObject = [:], position: Int? = nil) throws {
    let id = try id ?? newID(of: text), position = position ?? count
    if try hasCome(id) { throw IndexError(.duplicateID(id)) }
    let document = IndexedDocument(id: id, text: text, metadata: metadata)
    count += 1
    if try writer.keep(document, at: position) {
      summary.kept += 1
      return
    }
    pending.append((document, position))
    idsOfPending.insert(UTF8Key(id))
    pendingBytes += text.utf8.count
    if pending.count == batchTexts || pendingBytes >= IndexUpdate.maximumPendingBytes { try embed() }
  }

  /// Removes the documents that did not come, and commits.
  public consuming func commit() throws -> Summary {
    try embed()
    summary.removed = try writer.endUpdate()
    try writer.commit()
    if writer.hasManySmallSegments { try writer.compact() }
    return summary
  }

  private func hasCome(_ id: String) throws -> Bool {
    idsOfPending.contains(UTF8Key(id)) ? true : try writer.hasCome(id)
  }

  private mutating func newID(of text: String) throws -> String {
    let id = "text-" + SHA256.hexDigest(Array(text.utf8)).prefix(32)
    guard try hasCome(id) else { return id }
    let number = repetitions[UTF8Key(id), default: 1] + 1
    repetitions[UTF8Key(id)] = number
    return "\(id)-\(number)"
  }

  private mutating func embed() throws {
    guard !pending.isEmpty else { return }
    let promptText = try encoder.promptText(named: prompt)
    let ranges = try pending.map { pending in
      let text = pending.document.text
      return try writer.description.windows?.ranges(of: text, after: promptText, encoder.tokenizer)
        ?? [0..<text.utf8.count]
    }
    let texts = zip(pending, ranges).flatMap { pending, ranges in ranges.map { pending.document.text.utf8Part($0) } }
    let embeddings = try encoder.encode(texts, prompt: prompt)
    let truncated = Set(embeddings.truncated)
    var start = 0
    for ((document, position), ranges) in zip(pending, ranges) {
      let windows = ranges.enumerated().map { number, range in
        DocumentWindow(vector: Array(embeddings[start + number]), range: range)
      }
      if windows.indices.contains(where: { truncated.contains(start + $0) }) { summary.truncated.append(position) }
      start += windows.count
      try writer.add(document, windows, position: position)
    }
    summary.embedded += pending.count
    pending = []
    pendingBytes = 0
    idsOfPending = []
  }
}
