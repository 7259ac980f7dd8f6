// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What was embedded, and how fast.
struct Result: Encodable {
  let text: String
  let precision: String
  let threads: Int
  let texts: Int
  let tokens: Int
  /// Of the fastest pass.
  var seconds = Double.infinity
  /// The least cosine of a text's vector and its vector in float32.
  var minCosine: Float?

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
