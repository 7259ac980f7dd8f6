// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The prompts of a model, and the length of its vectors or its function of scores, from config_sentence_transformers.json.
struct PromptConfiguration: Sendable {
  private(set) var prompts: [String: String] = [:]
  let defaultName: String?

  /// The number of leading dimensions to keep (`truncate_dim`); nil: all.
  let truncateDimension: Int?

  /// The class of a function from logits to scores (`activation_fn`); nil if the file does not say.
  let activation: JSONValue?

  /// The file.
  let path: String

  /// The whole file, so that a copy keeps keys that are not read; nil if there is no file.
  private let file: JSONObject?

  static let fileName = "config_sentence_transformers.json"

  /// Names that the reference knows in every model. They stand for no prompt unless the file has one.
  private static let standardNames = ["query", "document"]

  /// - Parameter readsFile: whether the file counts, as it does beside a modules.json.
  init(folder: String, of kind: ModelKind, readsFile: Bool) throws {
    path = joinPath(folder, PromptConfiguration.fileName)
    guard readsFile, exists(path) else {
      defaultName = nil
      truncateDimension = nil
      activation = nil
      file = nil
      return
    }
    var config = try ConfigurationReader(path: path)
    file = config.object
    config.expect("model_type", kind.modelType)
    activation = config["activation_fn"]
    switch config["prompts"] {
    case nil: break
    case .object(let object):
      for member in object.members {
        // The reference treats null as an empty prompt.
        guard let text = member.value == .null ? "" : member.value.string else {
          config.report(
            .wrongType(key: "prompts.\(member.key)", wanted: "a string", found: member.value.kind))
          continue
        }
        prompts[member.key] = text
      }
    case let other?: config.report(.wrongType(key: "prompts", wanted: "an object", found: other.kind))
    }
    let name = config.string("default_prompt_name")
    var isPrompt = false
    if let name { isPrompt = prompts[name] != nil }
    if let name, !isPrompt, !PromptConfiguration.standardNames.contains(name) {
      let problem = "\(quoted(name)) is not in prompts"
      config.report(.inconsistent(key: "default_prompt_name", problem: problem))
    }
    defaultName = isPrompt ? name : nil
    truncateDimension = config["truncate_dim"] == nil ? nil : config.integer("truncate_dim", in: 1...1 << 20)
    try config.finish()
  }

  /// Writes the file as it was read.
  func write(to folder: String) throws {
    if let file { try JSONValue.object(file).write(to: joinPath(folder, PromptConfiguration.fileName)) }
  }
}
