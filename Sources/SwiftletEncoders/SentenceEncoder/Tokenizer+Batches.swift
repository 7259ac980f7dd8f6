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
  /// - Parameter pairs: the second text of each pair, as many as there are texts; nil for none.
  /// - Throws: the error of the first text that has one.
  /// - Complexity: O(bytes of the texts)
  public func encodeIDs(
    _ texts: [String], pairs: [String]? = nil, options: EncodingOptions = EncodingOptions()
  ) throws -> TokenBatch {
    precondition(
      pairs == nil || pairs?.count == texts.count, "\(pairs?.count ?? 0) second texts of \(texts.count) pairs")
    let textsPerTask = 32, count = (texts.count + textsPerTask - 1) / textsPerTask
    let parts = Monitor([Result<TokenBatch, any Error>?](repeating: nil, count: count))
    ThreadPool.shared.run(count: count) { task, _ in
      let part = Result {
        var batch = TokenBatch()
        for index in task * textsPerTask..<min((task + 1) * textsPerTask, texts.count) {
          try append(texts[index], pair: pairs?[index], to: &batch, options: options)
        }
        return batch
      }
      parts.withLock { $0[task] = part }
    }
    return TokenBatch(joining: try parts.withLock { $0 }.compactMap { try $0?.get() })
  }
}
