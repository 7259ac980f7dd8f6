// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Swiftlet

/// Checks that a timed text has the same bits alone as among others, and is near its vector in float32.
struct Verification {
  let model: String
  let encoder: SentenceEncoder
  let texts: [String]

  private static let aloneCount = 20
  private static let togetherCount = 200
  private static let comparedCount = 3000

  /// The lowest cosine of a text's vector with its vector in float32; nil for float32.
  func minCosine(_ precision: Precision) throws -> Float? {
    let count = precision.cosineFloor == nil ? Verification.togetherCount : Verification.comparedCount
    let together = try encoder.encode(Array(texts.prefix(count)))
    for index in 0..<min(together.count, Verification.aloneCount) {
      let alone = try encoder.encode([texts[index]])
      guard alone[0].map(\.bitPattern) == together[index].map(\.bitPattern) else {
        throw ValidationError("text \(index + 1) has other bits alone than among others")
      }
    }
    guard let floor = precision.cosineFloor else { return nil }
    let reference = try SentenceEncoder(folder: model, settings: EncoderSettings(maxLength: encoder.maxLength))
      .encode(Array(texts.prefix(count)))
    let least = (0..<together.count).map { cosine(together[$0], reference[$0]) }.min() ?? 1
    guard least >= floor else {
      throw ValidationError("a vector's cosine with that of float32 is \(least), below \(floor)")
    }
    return least
  }

  private func cosine(_ x: some Collection<Float>, _ y: some Collection<Float>) -> Float {
    func dot(_ x: some Collection<Float>, _ y: some Collection<Float>) -> Float {
      zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return dot(x, y) / (dot(x, x) * dot(y, y)).squareRoot()
  }
}

extension Precision {
  /// The lowest cosine allowed of a text's vector with its vector in float32; nil for float32.
  fileprivate var cosineFloor: Float? {
    switch self {
    case .float32: nil
    case .bfloat16: 0.9999
    case .int8: 0.995
    }
  }
}
