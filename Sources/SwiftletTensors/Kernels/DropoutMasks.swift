// SPDX-License-Identifier: Apache-2.0

/// The random numbers of dropout for one piece of a batch. They depend on the seed, the batch, the text's place in it,
/// the op, the token's place in its text and the element; not on pieces, threads or recording.
package struct DropoutMasks: Sendable {
  /// The generator of the batch.
  let generator: Philox

  /// The place in the batch of the piece's first text.
  let firstText: Int

  /// - Parameters:
  ///   - generator: that of the run.
  ///   - batch: the batch's number in the run, accumulated ones counted.
  package init(_ generator: Philox, batch: Int, firstText: Int) {
    let number = UInt64(batch)
    self.generator = generator.split([
      UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32), 0, 0,
    ])
    self.firstText = firstText
  }

  /// The masks of one op.
  ///
  /// - Parameter op: its number in the model.
  package func masks(op: Int, probability: Double) -> DropoutMask {
    DropoutMask(
      key: generator.split([UInt32(op), 1, 0, 0]).key, firstText: firstText,
      threshold: UInt32(clamping: UInt64(probability * 0x1p32)),
      scale: probability < 1 ? Float(1 / (1 - probability)) : 0)
  }
}

/// The dropout mask of one op. Each element is dropped, or kept and scaled up to make up for the dropped ones.
package struct DropoutMask: Sendable {
  let key: SIMD2<UInt32>
  let firstText: Int
  /// Random words below this drop their element.
  let threshold: UInt32
  let scale: Float

  /// Applies the mask to rows of consecutive tokens: x to y, which may be the same. The mask of a gradient is the value's.
  ///
  /// - Parameters:
  ///   - text: the text's place in the piece.
  ///   - position: the first token's place in the text.
  ///   - head: the attention head, or 0.
  package func apply(
    text: Int, position: Int, head: Int = 0, _ x: MatrixView, into y: MatrixView, kernels: Kernels
  ) {
    kernels.dropout(
      x, key: key, counter: (UInt32(position), UInt32(firstText + text), UInt32(head)), threshold: threshold,
      scale: scale, into: y)
  }
}
