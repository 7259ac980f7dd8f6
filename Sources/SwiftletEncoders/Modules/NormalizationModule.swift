// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles

/// Scales vectors to unit length: sentence-transformers' Normalize.
package struct NormalizationModule: EncoderModule {
  package static let typeName = "Normalize"

  package init() {}

  /// Newer versions of sentence-transformers can normalise something else than the pooled vector, which is refused;
  /// older ones have no configuration.
  package init(folder: String, inputs: Int, scope: ParameterScope) throws {
    let path = joinPath(folder, "config.json")
    guard exists(path) else { return }
    var config = try ConfigurationReader(path: path)
    for key in ["module_input_name", "module_output_name"] {
      config.expect(key, "sentence_embedding")
    }
    try config.finish()
  }

  /// Writes no file: every version of sentence-transformers takes the folder as it is.
  package func write(to folder: String) throws {}

  package func dimension(of inputs: Int) -> Int { inputs }

  package func callAsFunction(_ features: Features, in context: Context) -> Features {
    var features = features
    features.vectors = features.vectors.normalized()
    return features
  }
}
