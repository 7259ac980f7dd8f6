// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Context {
  /// Each element with probability p set to 0, else divided by 1 - p; x itself where nothing is dropped.
  ///
  /// Srivastava et al.: Dropout: a simple way to prevent neural networks from overfitting, JMLR 15, 2014.
  ///
  /// - Parameters:
  ///   - x: `[tokens, features]`
  ///   - op: the number of this dropout in the model: each draws numbers of its own.
  package func dropped(_ x: Variable, probability: Double, op: Int, sequenceStarts: [Int]) -> Variable {
    guard let dropout, probability > 0 else { return x }
    let mask = dropout.masks(op: op, probability: probability)
    let y = masked(x.tensor, by: mask, sequenceStarts)
    return record(y, DropoutOperation(input: Operand(x), mask: mask, sequenceStarts: sequenceStarts))
  }

  fileprivate func masked(_ x: Tensor, by mask: DropoutMask, _ sequenceStarts: [Int]) -> Tensor {
    let y = result(x.shape[0], x.shape[1]), inputs = x.matrix, outputs = y.matrix
    forEachRange(sequenceStarts.count - 1, grain: 1) { texts in
      for text in texts {
        let tokens = sequenceStarts[text]..<sequenceStarts[text + 1]
        mask.apply(text: text, position: 0, inputs.rows(tokens), into: outputs.rows(tokens), kernels: kernels)
      }
    }
    return y
  }
}

struct DropoutOperation: Operation {
  let input: Operand
  let mask: DropoutMask
  let sequenceStarts: [Int]

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(pass.context.masked(gradient, by: mask, sequenceStarts), to: input)
  }
}
