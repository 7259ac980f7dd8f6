// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTokenizers

/// Keeps the vectors of texts and the scores of pairs, those used last, up to a number of bytes.
///
/// ```swift
/// let cache = EmbeddingCache(byteLimit: 256 << 20)
/// let vectors = try encoder.encode(texts, cache: cache)
/// let others = try await queue.encode(moreTexts, with: encoder, cache: cache)
/// ```
///
/// A vector depends on nothing but the text's tokens, the encoder and its settings, so one from the cache has the bits that
/// computing it again would give. These are what it is found by. Encoders that were loaded twice, even from the same
/// folder, do not share vectors. Any number of tasks can use a cache at once.
public final class EmbeddingCache: Sendable {
  /// The contents of a cache, and how often it was of use.
  public struct Status: Sendable {
    /// The number of vectors.
    public let count: Int
    /// The bytes of vectors, their tokens and the table of keys.
    public let byteCount: Int
    /// How many texts were found, each time they were looked for.
    public let hits: Int
    /// How many texts were not found.
    public let misses: Int
    /// How many texts were computed: of those not found, equal ones of one call only once.
    public let computed: Int
  }

  struct Key: Hashable {
    let model: ModelIdentity
    let form: RowForm
    let ids: [Int32]
    let typeIDs: [Int32]
    let skippedTokens: Int
  }

  /// The sequences of a request, and where their rows are.
  struct Lookup {
    /// A row that was found, or the place of one among those to compute.
    enum Place {
      case found([Float])
      case missing(Int)
    }

    var places: [Place] = []
    /// The keys of what is to be computed, each once.
    var keys: [Key] = []
    /// The sequences of these.
    var missing: RequestedWork
  }

  private struct State {
    var rows = RecentRows()
    var hits = 0
    var misses = 0
    var computed = 0
  }

  private let byteLimit: Int
  private let state = Monitor(State())

  /// An empty cache.
  ///
  /// - Parameter byteLimit: the maximum number of bytes of vectors, their tokens and the table of keys.
  public init(byteLimit: Int) {
    precondition(byteLimit >= 0, "a limit of \(byteLimit) bytes")
    self.byteLimit = byteLimit
  }

  /// The contents of the cache, and how often it was of use.
  public var status: Status {
    state.withLock {
      Status(
        count: $0.rows.count, byteCount: $0.rows.byteCount, hits: $0.hits, misses: $0.misses, computed: $0.computed)
    }
  }

  /// Looks for the rows of sequences. Those that occur twice are missing once. nil if rows of this form are not kept.
  func lookUp(_ work: RequestedWork) -> Lookup? {
    guard work.form != .hiddenStates else { return nil }
    let keys = (0..<work.tokens.sequenceCount).map { Key(work, sequence: $0) }
    return state.withLock { state in
      var lookup = Lookup(missing: work.replacingTokens(TokenBatch())), seen: [Key: Int] = [:], tokens = TokenBatch()
      for (sequence, key) in keys.enumerated() {
        if let row = state.rows.use(key) {
          state.hits += 1
          lookup.places.append(.found(row))
        } else {
          state.misses += 1
          let place = seen[key] ?? lookup.keys.count
          if place == lookup.keys.count {
            seen[key] = place
            lookup.keys.append(key)
            tokens.append(sequence, of: work.tokens)
          }
          lookup.places.append(.missing(place))
        }
      }
      lookup.missing = work.replacingTokens(tokens)
      return lookup
    }
  }

  /// Keeps the rows of what was missing.
  func insert(_ rows: Tensor, for lookup: Lookup) {
    let values = lookup.keys.indices.map { rows.matrix.row($0).values }
    state.withLock { state in
      state.computed += lookup.keys.count
      for (key, row) in zip(lookup.keys, values) { state.rows.insert(row, for: key, byteLimit: byteLimit) }
    }
  }
}

extension EmbeddingCache.Key {
  init(_ work: RequestedWork, sequence: Int) {
    let tokens = work.tokens, range = tokens.tokenRange(of: sequence)
    model = work.computation.model
    form = work.form
    ids = Array(tokens.ids[range])
    // Most texts have no other type than 0.
    typeIDs = tokens.typeIDs[range].contains { $0 != 0 } ? Array(tokens.typeIDs[range]) : []
    skippedTokens = tokens.skippedTokens(of: sequence)
  }

  var byteCount: Int { (ids.count + typeIDs.count) * MemoryLayout<Int32>.stride }
}

extension EmbeddingCache.Lookup {
  /// The rows of all sequences.
  ///
  /// - Parameter computed: those that were missing.
  func rows(with computed: Tensor) -> Tensor {
    let rows = Tensor(uninitialized: [places.count, missing.rowLength])
    for (index, place) in places.enumerated() {
      switch place {
      case .found(let row): rows.matrix.row(index).copy(from: row)
      case .missing(let place): rows.matrix.row(index).copy(from: computed.matrix.row(place))
      }
    }
    return rows
  }
}

extension RequestedWork {
  fileprivate func replacingTokens(_ tokens: TokenBatch) -> RequestedWork {
    RequestedWork(tokens: tokens, computation: computation, rowLength: rowLength, form: form, finish: finish)
  }
}

/// Rows by their keys, in the order of their last use: a doubly linked list through an array.
private struct RecentRows {
  private struct Node {
    var key: EmbeddingCache.Key
    var row: [Float]
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

  /// The row of a key, which becomes the one used last.
  mutating func use(_ key: EmbeddingCache.Key) -> [Float]? {
    guard let place = places[key] else { return nil }
    let node = unlink(place)
    link(node, at: place)
    return node.row
  }

  /// Adds a row, and removes those whose last use is the longest ago where the limit asks for it.
  mutating func insert(_ row: [Float], for key: EmbeddingCache.Key, byteLimit: Int) {
    let size = bytes(key, row)
    guard size <= byteLimit, use(key) == nil else { return }
    while byteCount + size > byteLimit, let oldest { remove(oldest) }
    let place = free.popLast() ?? nodes.count
    if place == nodes.count { nodes.append(nil) }
    places[key] = place
    link(Node(key: key, row: row), at: place)
    byteCount += size
  }

  private mutating func remove(_ place: Int) {
    let node = unlink(place)
    places[node.key] = nil
    free.append(place)
    byteCount -= bytes(node.key, node.row)
  }

  /// Takes a node out of the list.
  private mutating func unlink(_ place: Int) -> Node {
    guard let node = nodes[place] else { preconditionFailure("no row at \(place)") }
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

  /// The bytes of a row: its numbers and its key, and about what arrays and tables add.
  private func bytes(_ key: EmbeddingCache.Key, _ row: [Float]) -> Int {
    row.count * MemoryLayout<Float>.stride + key.byteCount + 320
  }
}
