// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The list in modules.json: the transformer or a table of embeddings, then the modules that process its vectors, each
/// with its folder.
struct ModuleList {
  /// Whether the first module is a table of embeddings, not a transformer.
  let isStatic: Bool

  /// The transformer's folder.
  let transformerPath: String

  /// The folders of all modules as the list names them, within the model's folder, which is "".
  let names: [String]

  /// The types and folders of the modules after the transformer, in order.
  let modules: [(kind: any EncoderModule.Type, path: String)]

  private static let fileName = "modules.json"
  private static let firstNames = [BertModel.moduleName, StaticEmbeddingModel.moduleName]

  /// Reads the list of a model of this kind; nil if the folder has no modules.json.
  ///
  /// - Throws: `FileError` if there is no such folder; `JSONError`; `ConfigurationError` for a module that this package
  ///   cannot compute, an unsupported order, or a path that leaves the folder.
  init?(folder: String, of kind: ModelKind) throws {
    guard exists(folder) else { throw FileError.notFound(folder) }
    let path = joinPath(folder, ModuleList.fileName)
    guard exists(path) else { return nil }
    try kind.check(folder: folder)
    let json = try ConfigurationReader.json(path: path)
    func invalid(_ problem: ConfigurationError.Problem) -> ConfigurationError {
      ConfigurationError(path: path, problems: [problem])
    }
    guard let list = json.array else {
      throw invalid(.wrongType(key: "the file", wanted: "an array", found: json.kind))
    }
    var types: [String] = [], names: [String] = [], labels: Set<UTF8Key> = []
    for (i, module) in list.enumerated() {
      guard let type = module.object?["type"]?.string, let name = module.object?["path"]?.string else {
        throw invalid(.missing(key: "type or path of module \(i)"))
      }
      // "sentence_transformers.models.Pooling", in newer versions with more folders between.
      let known =
        kind == .crossEncoder
        ? [BertModel.moduleName] : ModuleList.firstNames + ModuleRegistry.all.map { $0.typeName }
      let parts = type.split(separator: ".")
      guard parts.first == "sentence_transformers", let known = known.first(where: { parts.last == $0[...] }) else {
        throw invalid(.unsupported(key: "module \(i)", value: type, supported: known))
      }
      guard ModuleList.staysInside(name) else {
        throw invalid(.inconsistent(key: "the path of module \(i)", problem: "leaves the model's folder"))
      }
      if let label = module.object?["name"]?.string {
        guard labels.insert(UTF8Key(label)).inserted else {
          throw invalid(.inconsistent(key: "the name of module \(i)", problem: "\(quoted(label)) occurs twice"))
        }
      }
      types.append(known)
      names.append(name)
    }
    let kinds = types.dropFirst().compactMap { ModuleRegistry.kind(named: $0) }
    isStatic = types.first == StaticEmbeddingModel.moduleName
    let isOrdered =
      kind == .crossEncoder
      ? kinds.isEmpty
      : (isStatic || kinds.first?.poolsTokens == true)
        && !kinds.dropFirst(isStatic ? 0 : 1).contains { $0.poolsTokens }
    guard let first = types.first, ModuleList.firstNames.contains(first), kinds.count == types.count - 1, isOrdered
    else {
      let supported =
        kind == .crossEncoder
        ? ["a Transformer alone"]
        : [
          "a Transformer, a Pooling, then modules of other kinds", "a StaticEmbedding, then modules of other kinds",
        ]
      throw invalid(
        .unsupported(
          key: "the order of modules", value: types.joined(separator: ", "), supported: supported))
    }
    let folders = names.map { $0.isEmpty ? folder : joinPath(folder, $0) }
    self.names = names
    transformerPath = folders[0]
    modules = Array(zip(kinds, folders.dropFirst()))
  }

  /// Writes the list, and each module to its own folder. The transformer's files are in the model folder itself.
  static func write(
    _ modules: [any EncoderModule], after transformer: any Transformer.Type, of kind: ModelKind, to folder: String
  ) throws {
    // Versions that list a cross-encoder's modules know the newer name only.
    let package = kind == .crossEncoder ? "base.modules.transformer" : "models"
    var entries = [entry(0, "\(package).\(transformer.moduleName)", path: "")]
    for (index, module) in modules.enumerated() {
      let place = index + 1, path = folderName(place, type(of: module))
      try Folder(joinPath(folder, path)).create()
      try module.write(to: joinPath(folder, path))
      entries.append(entry(place, "models.\(type(of: module).typeName)", path: path))
    }
    try JSONValue.array(entries).write(to: joinPath(folder, fileName))
  }

  /// The name of the folder that a module is written to.
  static func folderName(_ place: Int, _ kind: any EncoderModule.Type) -> String { "\(place)_\(kind.typeName)" }

  private static func entry(_ index: Int, _ name: String, path: String) -> JSONValue {
    .object([
      "idx": .number(JSONNumber(index)), "name": .string("\(index)"), "path": .string(path),
      "type": .string("sentence_transformers.\(name)"),
    ])
  }

  private static func staysInside(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isAbsolute = name.utf8.first == UInt8(ascii: "/")
    let isForeign = name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "\\") }
    return !isAbsolute && !isForeign && !parts.contains { $0.elementsEqual("..".utf8) }
  }
}
