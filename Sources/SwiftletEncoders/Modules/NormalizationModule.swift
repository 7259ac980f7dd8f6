// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles

/// Scales vectors to unit length, as sentence-transformers' Normalize does.
package struct NormalizationModule: EncoderModule {
  package static let typeName = "Normalize"

  package init() {}

  /// Older versions of sentence-transformers have no configuration. Newer ones can normalize something other than the
  /// pooled vector, which is not supported.
  package init(folder: String, place: Int, inputs: Int, scope: ParameterScope) throws {
    let path = joinPath(folder, "config.json")
    guard exists(path) else { return }
    var config = try ConfigurationReader(path: path)
    for key in ["module_input_name", "module_output_name"] {
      config.expect(key, "sentence_embedding")
    }
    try config.finish()
  }

  /// Writes nothing: every version of sentence-transformers accepts an empty folder.
  package func write(to folder: String) throws {}

  package func dimension(of inputs: Int) -> Int { inputs }

  package func callAsFunction(_ features: Features, in context: Context) -> Features {
    features.replacingVectors(features.vectors.normalized())
  }
}
