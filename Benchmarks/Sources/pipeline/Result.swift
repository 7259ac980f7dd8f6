// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What was embedded, and how fast.
struct Result: Encodable {
  let text: String
  let precision: String
  let threads: Int
  let texts: Int
  let tokens: Int
  /// The time of the fastest pass.
  var seconds = Double.infinity
  /// The lowest cosine of a text's vector with its vector in float32.
  var minCosine: Float?

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
