// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTokenizers

/// A bias of attention scores by the offset of the key's position from the query's. All layers share one table.
///
/// Each direction has 16 buckets of offsets: one for each distance below 8, then 8 that grow with the distance. Raffel et
/// al.: Exploring the limits of transfer learning with a unified text-to-text transformer, JMLR 21, 2020, section 2.1;
/// as in `MPNetEncoder` of transformers.
struct RelativePositionBias: Sendable {
  /// The number of buckets of both directions.
  static let bucketCount = 32

  /// `[buckets, heads]`
  private let table: Parameter

  init(_ scope: ParameterScope, _ name: String, buckets: Int, heads: Int) {
    table = scope.table(name, rows: buckets, columns: heads)
  }

  /// The biases `[offsets, heads]` in the order that attention reads them: those of a text of n tokens from 1 - n to
  /// n - 1, text after text.
  ///
  /// Each text has rows of its own. So the table's gradient is the sum over texts, each the sum over layers, whatever the
  /// pieces of the batch.
  func callAsFunction(_ batch: TokenBatch, in context: Context) -> Variable {
    var buckets: [Int32] = []
    buckets.reserveCapacity(2 * batch.ids.count)
    for sequence in 0..<batch.sequenceCount {
      let length = batch.tokenRange(of: sequence).count
      for offset in 1 - length..<length { buckets.append(RelativePositionBias.bucket(ofOffset: offset)) }
    }
    return context.embedding((table, buckets))
  }

  /// The bucket of an offset: up to 15 for keys at or before the query, from 16 on for keys after it.
  static func bucket(ofOffset offset: Int) -> Int32 {
    let distance = offset.magnitude
    // From 8 on, a distance d is in bucket 8 + ⌊2 log2(d / 8)⌋, at most 15.
    let bucket = distance < 8 ? Int(distance) : 8 + firstDistances.count { $0 <= distance }
    return Int32(bucket + (offset > 0 ? 16 : 0))
  }

  /// The smallest distances in the buckets 9 to 15.
  private static let firstDistances: [UInt] = [12, 16, 23, 32, 46, 64, 91]
}
