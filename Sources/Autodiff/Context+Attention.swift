// SPDX-License-Identifier: Apache-2.0

import CKernels
import TensorCore

extension Context {
  /// Multi-head scaled dot-product attention within each sequence: softmax(Q K^T / √d) V, head by head.
  ///
  /// Vaswani et al.: Attention is all you need, NeurIPS 2017, section 3.2.
  ///
  /// - Parameters:
  ///   - projections: `[tokens, 3 hidden]`: a token's queries, keys and values, each head after head.
  ///   - sequenceStarts: the first token of each sequence, then the number of tokens.
  /// - Returns: `[tokens, hidden]`, head after head.
  package func attention(_ projections: Variable, sequenceStarts: [Int], headCount: Int) -> Variable {
    let tokens = projections.tensor.shape[0], hidden = projections.tensor.shape[1] / 3
    precondition(projections.tensor.shape == [tokens, 3 * hidden] && hidden % headCount == 0, "no whole heads")
    precondition(sequenceStarts.first == 0 && sequenceStarts.last == tokens, "sequences do not cover the tokens")
    let y = result(tokens, hidden)
    let geometry = AttentionGeometry(
      headSize: hidden / headCount, stride: 3 * hidden, outputStride: hidden, tileRows: kernels.table.pointee.tile_rows)
    forEachRange((sequenceStarts.count - 1) * headCount, grain: 1) { units in
      let longest = units.lazy.map { sequenceStarts[$0 / headCount + 1] - sequenceStarts[$0 / headCount] }.max() ?? 0
      let scratch = Tensor(uninitialized: [geometry.scratchCount(length: longest)], in: worker.workspace)
      for unit in units {
        let (sequence, head) = unit.quotientAndRemainder(dividingBy: headCount)
        let start = sequenceStarts[sequence], length = sequenceStarts[sequence + 1] - start
        let queries = projections.tensor.buffer.base + start * 3 * hidden + head * geometry.headSize
        geometry.attend(
          length: length, queries: queries, keys: queries + hidden, values: queries + 2 * hidden,
          output: y.buffer.base + start * hidden + head * geometry.headSize, scratch: scratch.buffer.base,
          kernels: kernels)
      }
    }
    return record(
      y, AttentionOperation(projections: projections, sequenceStarts: sequenceStarts, headCount: headCount))
  }
}

struct AttentionOperation: Operation {
  let projections: Variable
  let sequenceStarts: [Int]
  let headCount: Int

  var inputs: [Variable] { [projections] }
}

/// Attention of one head over one sequence, some rows of scores at a time, so that the scores stay in the first
/// level cache at any length.
private struct AttentionGeometry {
  let headSize: Int
  /// From one token's queries to the next's.
  let stride: Int
  let outputStride: Int
  let tileRows: Int

  /// Scores held at a time, unless one tile of rows needs more.
  private static let scoreCount = 4096

  private func rowsAtATime(length: Int) -> Int {
    let rows = AttentionGeometry.scoreCount / max(padded(length), 1) / tileRows * tileRows
    return min(max(rows, tileRows), length)
  }

  private func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  /// Numbers of scratch memory for sequences up to `length`: packed keys and values, and scores.
  func scratchCount(length: Int) -> Int {
    headSize * padded(length) + length * padded(headSize) + max(AttentionGeometry.scoreCount, tileRows * padded(length))
  }

  func attend(
    length: Int, queries: UnsafePointer<Float>, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    let table = kernels.table
    let packedKeys = scratch, packedValues = packedKeys + headSize * padded(length)
    let scores = packedValues + length * padded(headSize), scoreStride = padded(length)
    table.pointee.pack(headSize, length, keys, 1, stride, packedKeys)
    table.pointee.pack(length, headSize, values, stride, 1, packedValues)
    let scale = 1 / Float(headSize).squareRoot()
    let step = rowsAtATime(length: length)
    for row in Swift.stride(from: 0, to: length, by: max(step, 1)) {
      let rows = min(step, length - row)
      // The packed keys are padded with zeros to whole vectors, and so are the scores.
      table.pointee.product(
        rows, scoreStride, headSize, queries + row * stride, stride, packedKeys, nil, CK_IDENTITY, scores, scoreStride)
      table.pointee.softmax(rows, length, scale, scores, scoreStride)
      table.pointee.product(
        rows, headSize, length, scores, scoreStride, packedValues, nil, CK_IDENTITY, output + row * outputStride,
        outputStride)
    }
  }
}
