// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Context {
  /// Multi-head scaled dot-product attention within each sequence: dropout(softmax(Q K^T / √d + B)) V, head by head.
  ///
  /// Vaswani et al.: Attention is all you need, NeurIPS 2017, section 3.2. The bias B of a pair of tokens depends on
  /// their offset: Raffel et al.: Exploring the limits of transfer learning with a unified text-to-text transformer,
  /// JMLR 21, 2020, section 2.1.
  ///
  /// - Parameters:
  ///   - projections: `[tokens, 3 hidden]`: a token's queries, keys and values, each head after head.
  ///   - bias: `[offsets, heads]`: for a sequence of n tokens the 2 n - 1 offsets of a key from its query, from 1 - n to
  ///     n - 1, sequence after sequence; nil for none.
  ///   - sequenceStarts: the first token of each sequence, then the number of tokens.
  ///   - dropoutProbability: of a weight; `op` is the number of this dropout in the model.
  /// - Returns: `[tokens, hidden]`, head after head.
  package func attention(
    _ projections: Variable, bias: Variable? = nil, sequenceStarts: [Int], headCount: Int,
    dropoutProbability: Double = 0, op: Int = 0
  ) -> Variable {
    let tokens = projections.tensor.shape[0], hidden = projections.tensor.shape[1] / 3
    precondition(projections.tensor.shape == [tokens, 3 * hidden] && hidden % headCount == 0, "no whole heads")
    precondition(sequenceStarts.first == 0 && sequenceStarts.last == tokens, "sequences do not cover the tokens")
    precondition(
      bias == nil || bias?.tensor.shape == [2 * tokens - (sequenceStarts.count - 1), headCount], "no bias an offset")
    let y = result(tokens, hidden)
    let head = AttentionHead(
      headSize: hidden / headCount, kernels: kernels, precision: precision,
      dropout: dropoutProbability > 0 ? dropout?.masks(op: op, probability: dropoutProbability) : nil)
    let heads = AttentionHeads(head: head, sequenceStarts: sequenceStarts, headCount: headCount)
    let inputs = projections.tensor.matrix, output = y.matrix, biases = bias?.tensor.matrix
    heads.forEach(in: self) { unit, scratch in
      var inputs = heads.projections(inputs, unit)
      inputs.bias = biases.map { heads.bias($0, unit, &scratch) }
      head.attend(inputs, into: heads.columns(output, unit), unit.place, &scratch)
    }
    return record(
      y, AttentionOperation(projections: Operand(projections), bias: bias.map(Operand.init), heads: heads))
  }
}

struct AttentionOperation: Operation {
  let projections: Operand
  let bias: Operand?
  let heads: AttentionHeads

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = pass.zeros(projections.tensor.shape)
    let inputs = projections.tensor.matrix, outputGradient = gradient.matrix, inputGradient = result.matrix
    let biases = bias?.tensor.matrix, biasResult = bias.map { pass.context.result(shape: $0.tensor.shape) }
    heads.forEach(in: pass.context) { unit, scratch in
      var inputs = heads.projections(inputs, unit), gradients = heads.projections(inputGradient, unit)
      inputs.bias = biases.map { heads.bias($0, unit, &scratch) }
      gradients.bias = biases.map { _ in heads.zeroBias(unit, &scratch) }
      heads.head.backpropagate(
        inputs, gradient: heads.columns(outputGradient, unit), to: gradients, unit.place, &scratch)
      if let sums = gradients.bias, let biasResult { heads.store(sums, unit, into: biasResult.matrix) }
    }
    pass.add(result, to: projections)
    if let bias, let biasResult { pass.add(biasResult, to: bias) }
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

  /// A unit's bias in `[offsets, heads]`, in the form that a head adds.
  func bias(_ matrix: MatrixView, _ unit: Unit, _ scratch: inout Scratch) -> VectorView {
    let offsets = offsets(unit), bias = scratch.take(offsets.count), head = unit.place.head
    let factor = Float(self.head.headSize).squareRoot()
    for (index, offset) in offsets.enumerated() { bias[index] = matrix[offset, head] * factor }
    return bias
  }

  /// Where the gradient of a unit's bias is summed.
  func zeroBias(_ unit: Unit, _ scratch: inout Scratch) -> VectorView {
    let sums = scratch.take(offsets(unit).count)
    sums.fill(0)
    return sums
  }

  /// Writes the gradient of a unit's bias to its column of `[offsets, heads]`.
  func store(_ sums: VectorView, _ unit: Unit, into matrix: MatrixView) {
    let factor = Float(head.headSize).squareRoot()
    for (index, offset) in offsets(unit).enumerated() { matrix[offset, unit.place.head] = sums[index] * factor }
  }

  /// The rows of a unit's sequence in `[offsets, heads]`.
  private func offsets(_ unit: Unit) -> Range<Int> {
    let start = 2 * unit.tokens.lowerBound - unit.place.text
    return start..<start + 2 * unit.tokens.count - 1
  }

  /// A unit's columns in `[tokens, hidden]`, or in the hidden columns from `start` on.
  func columns(_ matrix: MatrixView, _ unit: Unit, from start: Int = 0) -> MatrixView {
    let first = start + unit.place.head * head.headSize
    return matrix.part(rows: unit.tokens, columns: first..<first + head.headSize)
  }
}
