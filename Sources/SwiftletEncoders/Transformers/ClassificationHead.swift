// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The layers after a transformer that turn the first token's hidden state into a logit for each label:
/// C f(D h + d) + c. Stores no weights; they come from the `Context`.
///
/// H: the dimension of hidden states. L: labels.
package struct ClassificationHead: Sendable {
  /// L
  package let labelCount: Int

  /// The tensors that lie among the transformer's in a weights file, as BERT's pooler does.
  let innerTensors: [NamedParameter]
  /// The tensors beside the transformer's.
  let outerTensors: [NamedParameter]

  private let parts: ClassificationHeadParts
  /// `[H, H]` and `[H]`
  private let dense: Linear
  /// `[L, H]` and `[L]`
  private let output: Linear
  private var inputDropout: Dropout
  private var dropout: Dropout

  init(
    _ config: inout ConfigurationReader, _ parts: ClassificationHeadParts, hiddenSize: Int, labelCount: Int,
    scope: ParameterScope
  ) {
    self.parts = parts
    self.labelCount = labelCount
    dense = scope.linear(parts.dense, inputs: hiddenSize, outputs: hiddenSize)
    output = scope.linear(parts.output, inputs: hiddenSize, outputs: labelCount)
    let tensors = (inner: ClassificationHead.tensors(of: dense), outer: ClassificationHead.tensors(of: output))
    innerTensors = parts.denseIsInTransformer ? tensors.inner : []
    outerTensors = (parts.denseIsInTransformer ? [] : tensors.inner) + tensors.outer
    let probability = parts.dropoutKeys.reversed().reduce(parts.defaultDropout) {
      config.number($1, in: 0...1, default: $0)
    }
    inputDropout = Dropout(probability: parts.dropsInput ? probability : 0, op: Dropout.firstOpOfModules)
    dropout = Dropout(probability: probability, op: Dropout.firstOpOfModules + 1)
  }

  private static func tensors(of linear: Linear) -> [NamedParameter] {
    (linear.parts.map(\.weight) + linear.biases).map { NamedParameter(name: $0.name, parameter: $0) }
  }

  /// The prefix of the transformer's tensors in a weights file that transformers writes.
  var transformerPrefix: String { parts.transformerPrefix }

  /// A copy with this dropout probability.
  func settingDropout(_ probability: Float) -> ClassificationHead {
    var head = self
    head.dropout = Dropout(probability: Double(probability), op: dropout.op)
    if parts.dropsInput { head.inputDropout = Dropout(probability: Double(probability), op: inputDropout.op) }
    return head
  }

  /// The logits of texts, `[texts, L]`, from the hidden states of their tokens.
  func callAsFunction(_ features: Features, in context: Context) -> Variable {
    // A text has one row, as if it were a sequence of one token.
    let starts = Array(0...features.rows.count)
    let first = context.pooled(features.vectors, over: features.rows, [.first])
    let hidden = context.linear(inputDropout(first, starts, in: context), dense, activation: parts.activation)
    return context.linear(dropout(hidden, starts, in: context), output)
  }
}

/// The names of a head's tensors in an architecture, and its options.
package struct ClassificationHeadParts: Sendable {
  /// The prefix of the transformer's tensors beside the head, for example `bert.`.
  let transformerPrefix: String
  /// The name of D and d, before `.weight` and `.bias`.
  let dense: String
  /// Whether D and d have the transformer's prefix.
  var denseIsInTransformer = false
  /// f
  let activation: Activation
  /// The name of C and c.
  let output: String
  /// Whether training drops elements of h, too.
  var dropsInput = false
  /// The keys of the dropout probability in config.json. The first that is there counts.
  var dropoutKeys = ["classifier_dropout", "hidden_dropout_prob"]
  var defaultDropout = 0.1
}
