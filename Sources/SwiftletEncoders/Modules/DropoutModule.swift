// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles

/// Drops elements of a text's vector at random in training, as sentence-transformers' Dropout does. Changes nothing
/// otherwise.
package struct DropoutModule: EncoderModule {
  package static let typeName = "Dropout"

  private let dropout: Dropout

  package init(folder: String, place: Int, inputs: Int, scope: ParameterScope) throws {
    let path = joinPath(folder, "config.json")
    var config = exists(path) ? try ConfigurationReader(path: path) : ConfigurationReader(path: path, object: [:])
    let probability = config.number("dropout", in: 0...1, default: 0.2)
    try config.finish()
    dropout = Dropout(probability: probability, op: Dropout.firstOpOfModules + place)
  }

  package func write(to folder: String) throws {
    let config: JSONObject = ["dropout": .number(JSONNumber(dropout.probability))]
    try JSONValue.object(config).write(to: joinPath(folder, "config.json"))
  }

  package func dimension(of inputs: Int) -> Int { inputs }

  package var summary: String { "Dropout \(dropout.probability)" }

  package func callAsFunction(_ features: Features, in context: Context) -> Features {
    // A text has one row, as if it were a sequence of one token.
    features.replacingVectors(dropout(features.vectors, Array(0...features.rows.count), in: context))
  }
}
