// SPDX-License-Identifier: Apache-2.0

extension SentenceEncoder {
  /// The vectors of a stream of texts, in its order, as soon as they are computed.
  ///
  /// Texts are read ahead while others are embedded, at most ``EmbeddingSequence/window`` of them, and all that
  /// wait are embedded together: a slow stream gets each vector at once, a fast one full batches. Memory does not
  /// grow with the stream.
  ///
  /// - Parameters:
  ///   - texts: read once, by a task of its own that ends with the iteration.
  ///   - prompt: as for ``encode(_:prompt:)-(_,_)``.
  /// - Returns: a sequence that throws what `texts` and ``encode(_:prompt:)-(_,_)`` throw.
  public func encode<Texts: AsyncSequence>(_ texts: Texts, prompt: String? = nil) -> EmbeddingSequence<Texts>
  where Texts: Sendable, Texts.Element == String {
    EmbeddingSequence(texts: texts, prompt: prompt, encoder: self)
  }
}

/// One text of a stream, embedded.
public struct EmbeddedText: Sendable {
  /// The text as it came.
  public let text: String
  /// Its vector, `[dimension]`.
  public let vector: [Float]
  /// Whether only its beginning was read.
  public let isTruncated: Bool
}

/// The vectors of a stream of texts. See ``SentenceEncoder/encode(_:prompt:)-(Texts,_)``.
public struct EmbeddingSequence<Texts: AsyncSequence & Sendable>: AsyncSequence, Sendable
where Texts.Element == String {
  /// The most texts that are read ahead.
  public static var window: Int { 1024 }

  let texts: Texts
  let prompt: String?
  let encoder: SentenceEncoder

  /// Starts to read the stream.
  public func makeAsyncIterator() -> Iterator {
    Iterator(self)
  }

  /// Embeds what has been read since the last time.
  public struct Iterator: AsyncIteratorProtocol {
    private let sequence: EmbeddingSequence
    private let reader: TextReader
    private var ready: [EmbeddedText] = []

    init(_ sequence: EmbeddingSequence) {
      self.sequence = sequence
      reader = TextReader(sequence.texts, limit: EmbeddingSequence.window)
    }

    /// The next text's vector; nil at the end of the stream.
    public mutating func next() async throws -> EmbeddedText? {
      if ready.isEmpty {
        let texts = try await reader.waitingTexts()
        guard !texts.isEmpty else { return nil }
        let embeddings = try await sequence.encoder.encode(texts, prompt: sequence.prompt)
        let truncated = Set(embeddings.truncated)
        ready = texts.indices.reversed().map {
          EmbeddedText(text: texts[$0], vector: Array(embeddings[$0]), isTruncated: truncated.contains($0))
        }
      }
      return ready.popLast()
    }
  }
}
