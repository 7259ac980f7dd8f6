// SPDX-License-Identifier: Apache-2.0

extension SentenceEncoder {
  /// Computes the vectors of a stream of texts, in order, as the texts arrive.
  ///
  /// Up to 1,024 texts are read ahead while others are embedded, and all waiting texts are
  /// embedded together. So a slow stream gets each vector at once, and a fast one is embedded in full batches. Memory
  /// does not grow with the length of the stream.
  ///
  /// - Parameters:
  ///   - texts: the stream. A separate task reads it once, and ends with the iteration.
  ///   - prompt: the prompt, as in ``encode(_:prompt:)-2b51s``.
  /// - Returns: a sequence that throws the errors of `texts` and of ``encode(_:prompt:)-2b51s``.
  public func encode<Texts: AsyncSequence>(_ texts: Texts, prompt: String? = nil) -> EmbeddingSequence<Texts>
  where Texts: Sendable, Texts.Element == String {
    EmbeddingSequence(texts: texts, prompt: prompt, encoder: self)
  }
}

/// A text of a stream with its vector.
public struct EmbeddedText: Sendable {
  /// The text.
  public let text: String
  /// The vector, `[dimension]`.
  public let vector: [Float]
  /// Whether the text was cut to the maximum length.
  public let isTruncated: Bool
}

/// The vectors of a stream of texts, made by ``SentenceEncoder/encode(_:prompt:)-(Texts,_)``.
public struct EmbeddingSequence<Texts: AsyncSequence & Sendable>: AsyncSequence, Sendable
where Texts.Element == String {
  /// The maximum number of texts that are read ahead.
  package static var window: Int { 1024 }

  let texts: Texts
  let prompt: String?
  let encoder: SentenceEncoder

  /// Starts reading the stream.
  public func makeAsyncIterator() -> Iterator {
    Iterator(self)
  }

  /// Embeds the texts that were read since the last call.
  public struct Iterator: AsyncIteratorProtocol {
    private let sequence: EmbeddingSequence
    private let reader: TextReader
    private var ready: [EmbeddedText] = []
    /// Whether the stream ended or an error was thrown.
    private var hasEnded = false

    init(_ sequence: EmbeddingSequence) {
      self.sequence = sequence
      reader = TextReader(sequence.texts, limit: EmbeddingSequence.window)
    }

    /// The next text with its vector; nil at the end of the stream and after an error.
    public mutating func next() async throws -> EmbeddedText? {
      if ready.isEmpty {
        guard !hasEnded else { return nil }
        hasEnded = true
        let texts = try await reader.waitingTexts()
        guard !texts.isEmpty else { return nil }
        let embeddings = try await sequence.encoder.encode(texts, prompt: sequence.prompt)
        let truncated = Set(embeddings.truncated)
        ready = texts.indices.reversed().map {
          EmbeddedText(text: texts[$0], vector: Array(embeddings[$0]), isTruncated: truncated.contains($0))
        }
        hasEnded = false
      }
      return ready.popLast()
    }
  }
}
