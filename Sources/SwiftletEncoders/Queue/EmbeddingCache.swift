// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// Keeps the vectors of texts, those used last, up to a number of bytes.
///
/// A vector does not depend on the texts beside it, so a vector from the cache has the bits that computing it again would
/// give. Vectors are kept by the bytes of the text, the prompt, the encoder and its settings. Encoders that were loaded
/// twice, even from the same folder, do not share them. Any number of tasks can use a cache at once.
public final class EmbeddingCache: Sendable {
  /// What a cache has and did.
  public struct Status: Sendable {
    /// The number of vectors.
    public let count: Int
    /// The bytes of vectors, texts and what finds them.
    public let byteCount: Int
    /// How many texts were found, each time they were looked for.
    public let hits: Int
    /// How many texts were not found.
    public let misses: Int
  }

  /// The texts of one call, and where their vectors are.
  struct Lookup {
    /// A vector that was found, or the place of one that is to be computed.
    enum Place {
      case found(Entry)
      case missing(Int)
    }
    var places: [Place] = []
    /// The first of the texts with the same missing key.
    var missing: [Int] = []
    var keys: [Key] = []
  }

  struct Key: Hashable {
    let model: ModelIdentity
    let form: EncoderPipeline.VectorForm
    let prompt: [UInt8]
    /// Bytes, since equal strings can have different bytes, and so different tokens.
    let text: [UInt8]
  }

  struct Entry {
    let vector: [Float]
    let isTruncated: Bool
  }

  private struct State {
    var entries = RecentEntries()
    var hits = 0
    var misses = 0
  }

  private let byteLimit: Int
  private let state = Monitor(State())

  /// - Parameter byteLimit: the bytes of vectors, texts and what finds them.
  public init(byteLimit: Int) {
    precondition(byteLimit >= 0, "a limit of \(byteLimit) bytes")
    self.byteLimit = byteLimit
  }

  /// What the cache has and did.
  public var status: Status {
    state.withLock {
      Status(count: $0.entries.count, byteCount: $0.entries.byteCount, hits: $0.hits, misses: $0.misses)
    }
  }

  /// Looks for the vectors of texts. Texts that occur twice are missing once.
  func lookUp(_ texts: [String], _ encoder: SentenceEncoder, prompt: String?) throws -> Lookup {
    let prefix = Array(try encoder.pipeline.prompt(named: prompt).text(before: "").utf8)
    let keys = texts.map {
      Key(model: encoder.model, form: encoder.pipeline.vectorForm, prompt: prefix, text: Array($0.utf8))
    }
    return state.withLock { state in
      var lookup = Lookup(keys: keys), seen: [Key: Int] = [:]
      for (index, key) in keys.enumerated() {
        if let entry = state.entries.use(key) {
          state.hits += 1
          lookup.places.append(.found(entry))
          continue
        }
        state.misses += 1
        if let place = seen[key] {
          lookup.places.append(.missing(place))
        } else {
          seen[key] = lookup.missing.count
          lookup.places.append(.missing(lookup.missing.count))
          lookup.missing.append(index)
        }
      }
      return lookup
    }
  }

  /// Keeps the vectors of the missing texts.
  func insert(_ computed: Embeddings, for lookup: Lookup) {
    let truncated = Set(computed.truncated)
    let entries = computed.indices.map { Entry(vector: Array(computed[$0]), isTruncated: truncated.contains($0)) }
    state.withLock { state in
      for (place, entry) in entries.enumerated() {
        state.entries.insert(entry, for: lookup.keys[lookup.missing[place]], byteLimit: byteLimit)
      }
    }
  }
}

extension EmbeddingCache.Lookup {
  /// The vectors of all texts.
  ///
  /// - Parameter computed: those that were missing.
  func embeddings(dimension: Int, computed: Embeddings?) -> Embeddings {
    let rows = Tensor(uninitialized: [places.count, dimension])
    let cut = Set(computed?.truncated ?? [])
    var truncated: [Int] = []
    for (index, place) in places.enumerated() {
      switch place {
      case .found(let entry):
        rows.matrix.row(index).copy(from: entry.vector)
        if entry.isTruncated { truncated.append(index) }
      case .missing(let place):
        guard let computed else { preconditionFailure("missing vectors are computed") }
        rows.matrix.row(index).copy(from: computed.tensor.matrix.row(place))
        if cut.contains(place) { truncated.append(index) }
      }
    }
    return Embeddings(tensor: rows, truncated: truncated)
  }
}

/// Entries by their keys, in the order of their last use: a doubly linked list through an array.
private struct RecentEntries {
  private struct Node {
    var key: EmbeddingCache.Key
    var entry: EmbeddingCache.Entry
    var older: Int?
    var newer: Int?
  }

  private var places: [EmbeddingCache.Key: Int] = [:]
  private var nodes: [Node?] = []
  private var free: [Int] = []
  private var newest: Int?
  private var oldest: Int?
  private(set) var byteCount = 0

  var count: Int { places.count }

  /// The entry of a key, which becomes the one used last.
  mutating func use(_ key: EmbeddingCache.Key) -> EmbeddingCache.Entry? {
    guard let place = places[key] else { return nil }
    let node = unlink(place)
    link(node, at: place)
    return node.entry
  }

  /// Adds an entry, and removes those whose last use is the longest ago where the limit asks for it.
  mutating func insert(_ entry: EmbeddingCache.Entry, for key: EmbeddingCache.Key, byteLimit: Int) {
    let size = bytes(key, entry)
    guard size <= byteLimit, use(key) == nil else { return }
    while byteCount + size > byteLimit, let oldest { remove(oldest) }
    let place = free.popLast() ?? nodes.count
    if place == nodes.count { nodes.append(nil) }
    places[key] = place
    link(Node(key: key, entry: entry), at: place)
    byteCount += size
  }

  private mutating func remove(_ place: Int) {
    let node = unlink(place)
    places[node.key] = nil
    free.append(place)
    byteCount -= bytes(node.key, node.entry)
  }

  /// Takes a node out of the list.
  private mutating func unlink(_ place: Int) -> Node {
    guard let node = nodes[place] else { preconditionFailure("no entry at \(place)") }
    if let newer = node.newer { nodes[newer]?.older = node.older } else { newest = node.older }
    if let older = node.older { nodes[older]?.newer = node.newer } else { oldest = node.newer }
    nodes[place] = nil
    return node
  }

  /// Puts a node at the list's new end.
  private mutating func link(_ node: Node, at place: Int) {
    var node = node
    (node.older, node.newer) = (newest, nil)
    nodes[place] = node
    if let newest { nodes[newest]?.newer = place } else { oldest = place }
    newest = place
  }

  /// The bytes of an entry: its numbers and its key, which two places have, and about what arrays and tables add.
  private func bytes(_ key: EmbeddingCache.Key, _ entry: EmbeddingCache.Entry) -> Int {
    entry.vector.count * MemoryLayout<Float>.stride + key.text.count + key.prompt.count + 256
  }
}
