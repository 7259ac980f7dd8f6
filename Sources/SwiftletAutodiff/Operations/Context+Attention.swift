// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

extension Context {
  /// Multi-head scaled dot-product attention within each sequence: dropout(softmax(Q K^T / √d)) V, head by head.
  ///
  /// Vaswani et al.: Attention is all you need, NeurIPS 2017, section 3.2.
  ///
  /// - Parameters:
  ///   - projections: `[tokens, 3 hidden]`: a token's queries, keys and values, each head after head.
  ///   - sequenceStarts: the first token of each sequence, then the number of tokens.
  ///   - dropoutProbability: of a weight; `op` is the number of this dropout in the model.
  /// - Returns: `[tokens, hidden]`, head after head.
  package func attention(
    _ projections: Variable, sequenceStarts: [Int], headCount: Int, dropoutProbability: Double = 0, op: Int = 0
  ) -> Variable {
    let tokens = projections.tensor.shape[0], hidden = projections.tensor.shape[1] / 3
    precondition(projections.tensor.shape == [tokens, 3 * hidden] && hidden % headCount == 0, "no whole heads")
    precondition(sequenceStarts.first == 0 && sequenceStarts.last == tokens, "sequences do not cover the tokens")
    let y = result(tokens, hidden)
    let head = AttentionHead(
      headSize: hidden / headCount, stride: 3 * hidden, outputStride: hidden, kernels: kernels,
      precision: precision,
      dropout: dropoutProbability > 0 ? dropout?.masks(op: op, probability: dropoutProbability) : nil)
    let heads = AttentionHeads(head: head, sequenceStarts: sequenceStarts, headCount: headCount)
    heads.forEach(in: self, scratchCount: head.scratchCount) { unit, scratch in
      head.attend(
        length: unit.length, heads.projections(projections.tensor, unit), output: heads.output(y, unit),
        place: unit.place, scratch: scratch)
    }
    return record(y, AttentionOperation(projections: projections, heads: heads))
  }
}

struct AttentionOperation: Operation {
  let projections: Variable
  let heads: AttentionHeads

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = Tensor(uninitialized: projections.tensor.shape, in: pass.context.worker.workspace)
    result.buffer.base.update(repeating: 0, count: result.count)
    heads.forEach(in: pass.context, scratchCount: heads.head.backwardScratchCount) { unit, scratch in
      heads.head.backpropagate(
        length: unit.length, heads.projections(projections.tensor, unit), gradient: heads.output(gradient, unit),
        to: heads.projections(result, unit), place: unit.place, scratch: scratch)
    }
    pass.add(result, to: projections)
  }
}

/// The heads of all sequences: what there is to share among threads.
struct AttentionHeads {
  let head: AttentionHead
  let sequenceStarts: [Int]
  let headCount: Int

  /// One head of one sequence.
  struct Unit {
    let start: Int
    let length: Int
    let place: AttentionHead.Place
  }

  func forEach(
    in context: Context, scratchCount: @escaping (Int) -> Int,
    _ body: @escaping (Unit, _ scratch: UnsafeMutablePointer<Float>) -> Void
  ) {
    context.forEachRange((sequenceStarts.count - 1) * headCount, grain: 1) { range in
      let units = range.map { index in
        let (text, head) = index.quotientAndRemainder(dividingBy: headCount)
        return Unit(
          start: sequenceStarts[text], length: sequenceStarts[text + 1] - sequenceStarts[text],
          place: AttentionHead.Place(text: text, head: head))
      }
      let longest = units.lazy.map(\.length).max() ?? 0
      let scratch = Tensor(uninitialized: [scratchCount(longest)], in: context.worker.workspace)
      for unit in units { body(unit, scratch.buffer.base) }
    }
  }

  /// Where a unit's queries, keys and values start in `[tokens, 3 hidden]`.
  func projections(_ tensor: Tensor, _ unit: Unit) -> AttentionHead.Projections {
    let hidden = head.outputStride
    let queries = tensor.buffer.base + unit.start * head.stride + unit.place.head * head.headSize
    return AttentionHead.Projections(queries: queries, keys: queries + hidden, values: queries + 2 * hidden)
  }

  /// Where a unit's result starts in `[tokens, hidden]`.
  func output(_ tensor: Tensor, _ unit: Unit) -> UnsafeMutablePointer<Float> {
    tensor.buffer.base + unit.start * head.outputStride + unit.place.head * head.headSize
  }
}
