// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The prompts of a model, from config_sentence_transformers.json.
struct PromptConfiguration: Sendable {
  private(set) var prompts: [String: String] = [:]
  let defaultName: String?

  /// The whole file, so that a copy keeps keys that are not read; nil if there is no file.
  private let file: JSONObject?

  static let fileName = "config_sentence_transformers.json"

  init(folder: String) throws {
    let path = joinPath(folder, PromptConfiguration.fileName)
    guard exists(path) else {
      defaultName = nil
      file = nil
      return
    }
    var config = try ConfigurationReader(path: path)
    file = config.object
    config.expect("model_type", "SentenceTransformer")
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
    defaultName = config.string("default_prompt_name")
    if let defaultName, prompts[defaultName] == nil {
      let problem = "\(quoted(defaultName)) is not in prompts"
      config.report(.inconsistent(key: "default_prompt_name", problem: problem))
    }
    try config.finish()
  }

  /// Writes the file as it was read.
  func write(to folder: String) throws {
    if let file { try JSONValue.object(file).write(to: joinPath(folder, PromptConfiguration.fileName)) }
  }
}
