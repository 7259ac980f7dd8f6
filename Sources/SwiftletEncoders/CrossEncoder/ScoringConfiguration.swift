// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles

/// A cross-encoder's labels, and the function from their logits to scores.
///
/// The function's class is looked for in this order: `activation_fn` in config_sentence_transformers.json (version 6),
/// `sentence_transformers.activation_fn` in config.json (versions 4 and 5), `sbert_ce_default_activation_function` in
/// config.json (older versions). Without any, one label has the sigmoid function and several have none. Source:
/// sentence-transformers, cross_encoder/model.py.
package struct ScoringConfiguration: Sendable {
  /// The names of the labels, in the order of the scores.
  package let labels: [String]

  private let function: TorchFunction

  /// - Parameters:
  ///   - config: config.json, where wrong values are reported.
  ///   - file: config_sentence_transformers.json.
  init(_ config: inout ConfigurationReader, _ file: PromptConfiguration) throws {
    labels = ScoringConfiguration.labels(&config)
    let standard = labels.count == 1 ? TorchFunction.sigmoid : TorchFunction.identity
    if let value = file.activation {
      var reader = ConfigurationReader(path: file.path, object: [:])
      function = TorchFunction(&reader, "activation_fn", value, default: standard)
      try reader.finish()
      return
    }
    var place = "sbert_ce_default_activation_function", value = config[place]
    if let object = config["sentence_transformers"]?.object, let newer = object["activation_fn"] {
      (place, value) = ("sentence_transformers.activation_fn", newer)
    }
    function = TorchFunction(&config, place, value, default: standard)
  }

  /// The scores of logits, `[pairs, labels]`.
  func scores(_ logits: Variable) -> Variable { function(logits) }

  /// The names in `id2label` by their numbers, or as many default names as `num_labels` says.
  private static func labels(_ config: inout ConfigurationReader) -> [String] {
    guard let value = config["id2label"] else {
      let count = config.integer("num_labels", in: 1...1 << 16, default: 2)
      return (0..<count).map { "LABEL_\($0)" }
    }
    let names = value.object?.members.compactMap { member in
      Int(member.key).flatMap { number in member.value.string.map { (number: number, name: $0) } }
    }
    guard let names, names.count == value.object?.members.count, !names.isEmpty else {
      config.report(.wrongType(key: "id2label", wanted: "an object of names by number", found: value.kind))
      return [""]
    }
    return names.sorted { $0.number < $1.number }.map(\.name)
  }
}
