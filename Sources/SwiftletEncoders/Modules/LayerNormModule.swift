// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles

/// Normalizes a text's vector to mean 0 and variance 1, then scales and shifts each element, as sentence-transformers'
/// LayerNorm does.
package struct LayerNormModule: EncoderModule {
  package static let typeName = "LayerNorm"

  private let norm: LayerNorm

  package init(folder: String, place: Int, inputs: Int, scope: ParameterScope) throws {
    var config = try ConfigurationReader(path: joinPath(folder, "config.json"))
    config.expectSize("dimension", inputs)
    try config.finish()
    // The default of PyTorch; the file cannot say another.
    norm = scope.layerNorm("norm", features: inputs, epsilon: 1e-5)
  }

  package func write(to folder: String) throws {
    let config: JSONObject = ["dimension": .number(JSONNumber(norm.weight.count))]
    try JSONValue.object(config).write(to: joinPath(folder, "config.json"))
  }

  package var tensors: [NamedParameter] {
    [
      NamedParameter(name: "norm.weight", parameter: norm.weight),
      NamedParameter(name: "norm.bias", parameter: norm.bias),
    ]
  }

  package var inputs: Int? { norm.weight.count }

  package func dimension(of inputs: Int) -> Int { inputs }

  package func callAsFunction(_ features: Features, in context: Context) -> Features {
    features.replacingVectors(context.layerNorm(features.vectors, norm))
  }
}
