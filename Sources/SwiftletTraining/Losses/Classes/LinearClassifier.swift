// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// A linear layer that computes the logits V W^T + b of vectors V for a loss of classes. It is trained together with
/// the encoder.
///
/// W `[C, D]` and b `[C]` are the parameters `classifier.weight` and `classifier.bias`. They follow the encoder's
/// parameters, so that gradient norm, optimizer and checkpoints include them. The saved model does not. Their initial
/// values are uniform in ±1/√D, as in PyTorch's Linear.
struct LinearClassifier {
  let layer: Linear

  /// - Parameters:
  ///   - features: D.
  ///   - classes: C; labels are from 0 to C - 1.
  ///   - weights: the weights to add the layer's parameters to.
  init(features: Int, classes: Int, seed: UInt64, in weights: inout TrainableWeights) {
    let scope = ParameterScope(after: weights.layout.list)
    layer = scope.linear("classifier", inputs: features, outputs: classes)
    weights = weights.extended(to: scope.list)
    var random = RandomStream(seed: seed, purpose: .classifier)
    let bound = 1 / Float(features).squareRoot()
    for parameter in layer.parts.map(\.weight) + layer.biases {
      let numbers = weights[parameter]
      for index in 0..<numbers.count { numbers[index] = bound * random.nextSigned() }
    }
  }

  /// The logits `[B, C]` of vectors `[B, D]`.
  func callAsFunction(_ vectors: Variable) -> Variable { Context.of(vectors).linear(vectors, layer) }
}
