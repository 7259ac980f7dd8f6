// SPDX-License-Identifier: Apache-2.0

internal import SwiftletFiles

/// modules.json: the modules a text goes through, each with its folder.
struct ModuleList {
  enum Kind: String, CaseIterable {
    case transformer = "Transformer"
    case pooling = "Pooling"
    case normalize = "Normalize"
  }

  /// Whether the folder has no modules.json.
  let isBare: Bool
  private var folders: [Kind: String] = [:]

  init(folder: String) throws {
    guard exists(folder) else { throw FileError.notFound(folder) }
    let path = joinPath(folder, "modules.json")
    isBare = !exists(path)
    if isBare { return }
    let json = try ConfigurationReader.json(path: path)
    func invalid(_ problem: ConfigurationError.Problem) -> ConfigurationError {
      ConfigurationError(path: path, problems: [problem])
    }
    guard let modules = json.array else {
      throw invalid(.wrongType(key: "the file", wanted: "an array", found: json.kind))
    }
    var kinds: [Kind] = []
    for (i, module) in modules.enumerated() {
      guard let type = module.object?["type"]?.string, let name = module.object?["path"]?.string else {
        throw invalid(.missing(key: "type or path of module \(i)"))
      }
      // "sentence_transformers.models.Pooling", in newer versions with more folders between.
      let parts = type.split(separator: ".")
      guard parts.first == "sentence_transformers", let kind = parts.last.flatMap({ Kind(rawValue: "\($0)") })
      else {
        let supported = Kind.allCases.map(\.rawValue)
        throw invalid(.unsupported(key: "module \(i)", value: type, supported: supported))
      }
      guard ModuleList.staysInside(name) else {
        throw invalid(.inconsistent(key: "the path of module \(i)", problem: "leaves the model's folder"))
      }
      kinds.append(kind)
      folders[kind] = name.isEmpty ? folder : joinPath(folder, name)
    }
    guard [[.transformer, .pooling], [.transformer, .pooling, .normalize]].contains(kinds) else {
      let order = kinds.map(\.rawValue).joined(separator: ", ")
      let supported = ["Transformer, Pooling and perhaps Normalize"]
      throw invalid(.unsupported(key: "the order of modules", value: order, supported: supported))
    }
    if let normalize = folders[.normalize] { try ModuleList.checkNormalize(folder: normalize) }
  }

  /// The folder of a module, nil if there is no such module.
  func path(of kind: Kind) -> String? { folders[kind] }

  private static func staysInside(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isAbsolute = name.utf8.first == UInt8(ascii: "/")
    let isForeign = name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "\\") }
    return !isAbsolute && !isForeign && !parts.contains { $0.elementsEqual("..".utf8) }
  }

  /// Newer versions can normalise something else than the pooled vector; older ones have no configuration.
  private static func checkNormalize(folder: String) throws {
    let path = joinPath(folder, "config.json")
    guard exists(path) else { return }
    var config = try ConfigurationReader(path: path)
    for key in ["module_input_name", "module_output_name"] {
      config.expect(key, "sentence_embedding")
    }
    try config.finish()
  }
}
