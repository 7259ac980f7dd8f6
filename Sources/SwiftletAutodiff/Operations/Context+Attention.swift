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
  ///   - queries: for each sequence the one token, counted from its first, that attends to all; nil: all do. The queries
  ///     of others are not read.
  ///   - dropoutProbability: of a weight; `op` is the number of this dropout in the model.
  /// - Returns: `[tokens, hidden]`, or `[sequences, hidden]` for one query each, head after head.
  package func attention(
    _ projections: Variable, bias: Variable? = nil, sequenceStarts: [Int], queries: [Int]? = nil, headCount: Int,
    dropoutProbability: Double = 0, op: Int = 0
  ) -> Variable {
    let tokens = projections.tensor.shape[0], hidden = projections.tensor.shape[1] / 3
    precondition(
      projections.tensor.shape == [tokens, 3 * hidden] && hidden % headCount == 0,
      "\(hidden) features do not divide into \(headCount) heads")
    let sequences = sequenceStarts.count - 1
    precondition(sequenceStarts.first == 0 && sequenceStarts.last == tokens, "sequences do not cover the tokens")
    precondition(
      bias == nil || bias?.tensor.shape == [2 * tokens - sequences, headCount],
      "bias \(bias?.tensor.shape ?? []) does not have a row for each offset and a column for each head")
    precondition(
      queries == nil || queries?.count == sequences, "\(queries?.count ?? 0) queries for \(sequences) sequences")
    let y = result(queries?.count ?? tokens, hidden)
    let head = AttentionHead(
      headSize: hidden / headCount, kernels: kernels, precision: precision,
      dropout: dropoutProbability > 0 ? dropout?.masks(op: op, probability: dropoutProbability) : nil)
    let heads = AttentionHeads(head: head, sequenceStarts: sequenceStarts, queries: queries, headCount: headCount)
    let inputs = projections.tensor.matrix, output = y.matrix, biases = bias?.tensor.matrix
    heads.forEach(in: self) { place, scratch in
      head.attend(
        inputs, bias: biases.map { heads.bias($0, place, &scratch) }, into: output, place, &scratch)
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
    let result = pass.context.zeros(shape: projections.tensor.shape)
    let inputs = projections.tensor.matrix, outputGradient = gradient.matrix, inputGradient = result.matrix
    let biases = bias?.tensor.matrix, biasResult = bias.map { pass.context.result(shape: $0.tensor.shape) }
    heads.forEach(in: pass.context) { place, scratch in
      let bias = biases.map { heads.bias($0, place, &scratch) }
      let sums = biases.map { _ in heads.zeroBias(place, &scratch) }
      heads.head.backpropagate(
        inputs, bias: bias, gradient: outputGradient, to: inputGradient, biasResult: sums, place, &scratch)
      if let sums, let biasResult { heads.store(sums, place, into: biasResult.matrix) }
    }
    pass.add(result, to: projections)
    if let bias, let biasResult { pass.add(biasResult, to: bias) }
  }
}

/// The heads of all sequences: what there is to share among threads.
struct AttentionHeads {
  let head: AttentionHead
  let sequenceStarts: [Int]
  /// The one query of each sequence; nil: all are.
  let queries: [Int]?
  let headCount: Int

  func forEach(in context: Context, _ body: @escaping (AttentionHead.Place, _ scratch: inout Scratch) -> Void) {
    context.forEachRange(0..<(sequenceStarts.count - 1) * headCount, grain: 1) { range, scratch in
      for index in range {
        let (text, head) = index.quotientAndRemainder(dividingBy: headCount)
        scratch.reset()
        let tokens = sequenceStarts[text]..<sequenceStarts[text + 1]
        body(AttentionHead.Place(tokens: tokens, text: text, head: head, query: queries?[text]), &scratch)
      }
    }
  }

  /// A head's bias in `[offsets, heads]`, in the form that a head adds.
  func bias(_ matrix: MatrixView, _ place: AttentionHead.Place, _ scratch: inout Scratch) -> VectorView {
    let offsets = offsets(place), bias = scratch.take(offsets.count), head = place.head
    let factor = Float(self.head.headSize).squareRoot()
    for (index, offset) in offsets.enumerated() { bias[index] = matrix[offset, head] * factor }
    return bias
  }

  /// Where the gradient of a head's bias is summed.
  func zeroBias(_ place: AttentionHead.Place, _ scratch: inout Scratch) -> VectorView {
    let sums = scratch.take(offsets(place).count)
    sums.fill(0)
    return sums
  }

  /// Writes the gradient of a head's bias to its column of `[offsets, heads]`.
  func store(_ sums: VectorView, _ place: AttentionHead.Place, into matrix: MatrixView) {
    let factor = Float(head.headSize).squareRoot()
    for (index, offset) in offsets(place).enumerated() { matrix[offset, place.head] = sums[index] * factor }
  }

  /// The rows of a place's sequence in `[offsets, heads]`.
  private func offsets(_ place: AttentionHead.Place) -> Range<Int> {
    let start = 2 * place.tokens.lowerBound - place.text
    return start..<start + 2 * place.tokens.count - 1
  }
}
