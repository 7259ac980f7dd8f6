// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// The mask of one op with dropout: each element is kept, and scaled up for those that are not, or 0.
struct DropoutMask: Sendable {
  let key: SIMD2<UInt32>
  let firstText: Int
  /// Random words below this drop their element.
  let threshold: UInt32
  let scale: Float

  /// Applies the mask to a row of a token: x to y, which may be the same. The mask of a gradient is the value's.
  ///
  /// - Parameters:
  ///   - text: the text's place in the piece.
  ///   - position: the token's place in the text.
  ///   - head: the attention head, or 0.
  func apply(
    text: Int, position: Int, head: Int = 0, _ x: VectorView, into y: VectorView, kernels: Kernels
  ) {
    kernels.dropout(
      x, key: key, counter: (UInt32(position), UInt32(firstText + text), UInt32(head)), threshold: threshold,
      scale: scale, into: y)
  }
}
