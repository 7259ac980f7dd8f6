// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles
package import SwiftletTensors

/// The hardest negatives of each text of a data set: the nearest texts of other labels, found by exact search.
///
/// - Source: `mine_hard_negatives` of sentence-transformers, for its margins.
package struct HardNegatives: Equatable {
  /// The negatives of each text, the nearest first. There may be fewer than asked for because of the margins.
  package let rows: [[Int]]

  /// - Parameters:
  ///   - vectors: the vectors of all texts, `[texts, dimension]`.
  ///   - count: the maximum number of negatives of each text.
  /// - Complexity: 2 texts² dimension floating-point operations.
  package init(_ vectors: Tensor, labels: [Int], count: Int, _ settings: Mining.OfflineSettings, on pool: ThreadPool) {
    let unit = UnitVectors(vectors)
    rows = unit.mapSimilarities(with: unit, on: pool) { anchor, cosines in
      let limit = HardNegatives.limit(anchor, cosines, labels, settings)
      return indicesOfLargest(count, of: cosines) { labels[$0] != labels[anchor] && cosines[$0] <= limit }
    }
  }

  /// Reads the value of ``json``; nil if it is malformed.
  package init?(_ json: JSONValue) {
    guard let rows = json.array else { return nil }
    self.rows = rows.map { ($0.array ?? []).compactMap(\.int) }
  }

  /// The negatives as stored in a checkpoint.
  package var json: JSONValue { .array(rows.map { .array($0.map { .number(JSONNumber($0)) }) }) }

  /// The highest cosine that a negative may have.
  private static func limit(
    _ anchor: Int, _ cosines: Span<Float>, _ labels: [Int], _ settings: Mining.OfflineSettings
  ) -> Float {
    guard settings.margin != nil || settings.relativeMargin != nil else { return .infinity }
    let positives = labels.indices.filter { $0 != anchor && labels[$0] == labels[anchor] }
    guard let nearest = positives.map({ cosines[$0] }).max() else { return .infinity }
    let absolute = settings.margin.map { nearest - $0 } ?? .infinity
    let relative = settings.relativeMargin.map { nearest * (1 - $0) } ?? .infinity
    return min(absolute, relative)
  }
}
