// SPDX-License-Identifier: Apache-2.0

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
      headSize: hidden / headCount, kernels: kernels, precision: precision,
      dropout: dropoutProbability > 0 ? dropout?.masks(op: op, probability: dropoutProbability) : nil)
    let heads = AttentionHeads(head: head, sequenceStarts: sequenceStarts, headCount: headCount)
    let inputs = projections.tensor.matrix, output = y.matrix
    heads.forEach(in: self) { unit, scratch in
      head.attend(heads.projections(inputs, unit), into: heads.columns(output, unit), unit.place, &scratch)
    }
    return record(y, AttentionOperation(projections: Operand(projections), heads: heads))
  }
}

struct AttentionOperation: Operation {
  let projections: Operand
  let heads: AttentionHeads

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = pass.zeros(projections.tensor.shape)
    let inputs = projections.tensor.matrix, outputGradient = gradient.matrix, inputGradient = result.matrix
    heads.forEach(in: pass.context) { unit, scratch in
      heads.head.backpropagate(
        heads.projections(inputs, unit), gradient: heads.columns(outputGradient, unit),
        to: heads.projections(inputGradient, unit), unit.place, &scratch)
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
    let tokens: Range<Int>
    let place: AttentionHead.Place
  }

  func forEach(in context: Context, _ body: @escaping (Unit, _ scratch: inout Scratch) -> Void) {
    context.forEachRange((sequenceStarts.count - 1) * headCount, grain: 1) { range in
      var scratch = Scratch(context.worker.workspace)
      for index in range {
        let (text, head) = index.quotientAndRemainder(dividingBy: headCount)
        scratch.reset()
        body(
          Unit(
            tokens: sequenceStarts[text]..<sequenceStarts[text + 1], place: AttentionHead.Place(text: text, head: head)),
          &scratch)
      }
    }
  }

  /// A unit's queries, keys and values in `[tokens, 3 hidden]`.
  func projections(_ matrix: MatrixView, _ unit: Unit) -> AttentionHead.Projections {
    let hidden = head.headSize * headCount
    return AttentionHead.Projections(
      queries: columns(matrix, unit), keys: columns(matrix, unit, from: hidden),
      values: columns(matrix, unit, from: 2 * hidden))
  }

  /// A unit's columns in `[tokens, hidden]`, or in the hidden columns from `start` on.
  func columns(_ matrix: MatrixView, _ unit: Unit, from start: Int = 0) -> MatrixView {
    let first = start + unit.place.head * head.headSize
    return matrix.rows(unit.tokens).columns(first..<first + head.headSize)
  }
}
