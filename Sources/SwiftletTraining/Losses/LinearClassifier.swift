// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The linear layer, trained along with an encoder, that makes logits V W^T + b of vectors V for a loss of classes.
///
/// W `[C, D]` and b `[C]` are the parameters `classifier.weight` and `classifier.bias`, behind the encoder's: one gradient
/// norm, one optimizer, one checkpoint. The tuned model is without them. They start uniform in ±1/√D, as those of PyTorch's
/// Linear do.
struct LinearClassifier {
  let layer: Linear

  /// - Parameters:
  ///   - features: D.
  ///   - classes: C; labels are from 0 to C - 1.
  ///   - weights: get the layer's parameters.
  init(features: Int, classes: Int, seed: UInt64, in weights: inout TrainableWeights) {
    let scope = ParameterScope(after: weights.layout.list)
    layer = scope.linear("classifier", inputs: features, outputs: classes)
    weights = weights.extended(to: scope.list)
    var random = RandomStream(seed: seed, purpose: .classifier)
    let bound = 1 / Float(features).squareRoot()
    for parameter in [layer.parts[0].weight, layer.parts[0].bias] {
      let numbers = weights[parameter]
      for index in 0..<numbers.count { numbers[index] = bound * random.nextSigned() }
    }
  }

  /// Vectors `[B, D]` as logits `[B, C]`.
  func callAsFunction(_ vectors: Variable) -> Variable { Context.of(vectors).linear(vectors, layer) }
}
