// SPDX-License-Identifier: Apache-2.0

internal import SwiftletFiles

/// config_sentence_transformers.json: the kind of model and its prompts.
struct PromptConfiguration {
  private(set) var prompts: [String: String] = [:]
  let defaultName: String?

  init(folder: String) throws {
    let path = joinPath(folder, "config_sentence_transformers.json")
    guard exists(path) else {
      defaultName = nil
      return
    }
    var config = try ConfigurationReader(path: path)
    config.expect("model_type", "SentenceTransformer")
    switch config["prompts"] {
    case nil: break
    case .object(let object):
      for member in object.members {
        // As the reference, which takes null for an empty prompt.
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
}
