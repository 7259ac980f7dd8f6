// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

/// A folder of weights files, with the parameters to read from it.
package struct WeightFolder: Sendable {
  package let path: String

  /// The parameters whose names may have a prefix in the file.
  let tensors: [NamedParameter]

  /// The parameters of a head, whose names lack the part of that prefix that stands for the transformer.
  private let headTensors: [NamedParameter]
  /// That part, for example `bert.`.
  private let transformerPrefix: String

  init(path: String, tensors: [NamedParameter]) {
    self.path = path
    self.tensors = tensors
    headTensors = []
    transformerPrefix = ""
  }

  init(of transformer: any Transformer, _ head: ClassificationHead? = nil, path: String) {
    self.path = path
    tensors = transformer.storedTensors + (head?.innerTensors ?? [])
    headTensors = head?.outerTensors ?? []
    transformerPrefix = head?.transformerPrefix ?? ""
  }

  /// Whether a head has parameters in the files.
  var hasHead: Bool { !headTensors.isEmpty }

  /// All parameters with their names in a file with this prefix.
  func names(withPrefix prefix: String) -> [NamedParameter] {
    let isOfTransformer = prefix.hasSuffix(transformerPrefix)
    let outer = isOfTransformer ? String(prefix.dropLast(transformerPrefix.count)) : prefix
    return tensors.map { NamedParameter(name: prefix + $0.name, parameter: $0.parameter) }
      + headTensors.map { NamedParameter(name: outer + $0.name, parameter: $0.parameter) }
  }

  /// All parameters with the names that transformers writes.
  var writtenTensors: [NamedParameter] { names(withPrefix: transformerPrefix) }
}
