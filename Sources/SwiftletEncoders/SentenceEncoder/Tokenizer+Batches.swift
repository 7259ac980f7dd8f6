// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
public import SwiftletTokenizers

extension Tokenizer {
  /// The tokens' ids of many texts, or pairs of texts, computed on all processors: those of
  /// ``encode(_:pair:options:)``, without tokens and offsets.
  ///
  /// ```swift
  /// let batch = try encoder.tokenizer.encodeIDs(texts)
  /// for index in 0..<batch.sequenceCount { print(batch.ids[batch.tokenRange(of: index)]) }
  /// ```
  ///
  /// - Parameters:
  ///   - texts: any number of texts, or the first text of each pair.
  ///   - pairs: the second text of each pair, as many as there are texts; nil for none.
  ///   - options: the special tokens and the maximum length.
  ///   - threadCount: the most threads that compute; nil: one for each processor.
  /// - Throws: the error of the first text that has one.
  /// - Complexity: O(bytes of the texts)
  public func encodeIDs(
    _ texts: [String], pairs: [String]? = nil, options: EncodingOptions = EncodingOptions(), threadCount: Int? = nil
  ) throws -> TokenBatch {
    precondition(
      pairs == nil || pairs?.count == texts.count, "\(pairs?.count ?? 0) second texts of \(texts.count) pairs")
    precondition(threadCount ?? 1 > 0, "\(threadCount ?? 0) threads")
    // As many tasks as threads, or small ones for all.
    let count = min(threadCount ?? (texts.count + 31) / 32, texts.count)
    let parts = ThreadPool.shared.map(count: count) { task, _ in
      Result {
        var batch = TokenBatch()
        for index in texts.count * task / count..<texts.count * (task + 1) / count {
          try append(texts[index], pair: pairs?[index], to: &batch, options: options)
        }
        return batch
      }
    }
    return TokenBatch(joining: try parts.map { try $0.get() })
  }
}
