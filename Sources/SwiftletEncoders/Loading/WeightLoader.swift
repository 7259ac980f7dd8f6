// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

/// Reads a model's parameters from the weights files of the transformer and of modules. Missing, misshapen or non-finite
/// tensors are an error that lists all of them.
struct WeightLoader: Sendable {
  let folder: String
  let parameters: ParameterList
  let kernels: Kernels
  let allowsNonFinite: Bool
  /// Whether tables that are only read stay in their file.
  let mapsTables: Bool

  /// The tensor of each parameter, by the parameter's index.
  let sources: [TensorInfo]

  /// The name of each parameter in messages: that of the transformer's tensor, or the module's with its folder.
  let names: [String]

  /// The names of tensors that the model does not use, for example task heads, a pooler or `position_ids`.
  let unusedTensors: [String]

  /// Finds the parameters' tensors. Also accepts names of other tools: with one prefix before all names, as `bert.`,
  /// `0.auto_model.` or `module.`, and `gamma` and `beta` for the weight and bias of a layer norm.
  ///
  /// - Throws: The errors of `ModelTensors`; ``WeightError`` if a tensor is missing or has the wrong shape or type.
  init(_ model: ModelFolder, kernels: Kernels, allowsNonFinite: Bool, mapsTables: Bool) throws {
    self.allowsNonFinite = allowsNonFinite
    self.mapsTables = mapsTables
    folder = model.transformerPath
    parameters = model.parameters
    self.kernels = kernels
    var sources = [TensorInfo?](repeating: nil, count: parameters.parameters.count)
    var names = parameters.parameters.map(\.name), unused: [String] = []
    for (index, folder) in model.weightFolders.enumerated() {
      let found = try WeightLoader.sources(of: folder)
      for (parameter, source) in found.sources {
        sources[parameter.index] = source
        if index == 0 { names[parameter.index] = source.name }
      }
      unused += found.unused
    }
    self.sources = sources.compactMap { $0 }
    precondition(self.sources.count == sources.count, "parameters without a folder of weights")
    self.names = names
    unusedTensors = unused
  }

  /// The tensors of a folder's parameters, and the names of all others.
  private static func sources(
    of folder: WeightFolder
  ) throws -> (sources: [(Parameter, TensorInfo)], unused: [String]) {
    let tensors = try ModelTensors(folder: folder.path)
    func tensor(_ name: String) -> TensorInfo? { tensors[name] ?? tensors[olderName(name)] }
    let prefix = prefix(of: folder.tensors.map(\.name), in: tensors)
    var sources: [(Parameter, TensorInfo)] = []
    var problems: [WeightError.Problem] = []
    for wanted in folder.names(withPrefix: prefix) {
      guard let source = tensor(wanted.name) else {
        problems.append(.missing(name: wanted.name))
        continue
      }
      sources.append((wanted.parameter, source))
      if source.shape != wanted.parameter.shape {
        problems.append(.misshapen(name: source.name, shape: source.shape, expected: wanted.parameter.shape))
      } else if source.dtype.numberFormat == nil {
        problems.append(.unusableType(name: source.name, type: source.dtype))
      }
    }
    guard problems.isEmpty else {
      let isHeadless = folder.hasHead && problems.allSatisfy(\.isMissing)
      throw WeightError(
        path: folder.path, problems: problems, names: tensors.tensors.map(\.name),
        remedy: isHeadless ? "give a cross-encoder's folder, or make one of this model by fine-tuning it" : nil)
    }
    let used = Set(sources.map { Array($0.1.name.utf8) })
    return (sources, tensors.tensors.map(\.name).filter { !used.contains(Array($0.utf8)) })
  }

  /// The text before the names of parameters in the file: the one that the most of them have.
  private static func prefix(of parameters: [String], in tensors: ModelTensors) -> String {
    var counts: [UTF8Key: Int] = [:]
    let names = Set(parameters.flatMap { [UTF8Key($0), UTF8Key(olderName($0))] })
    let longest = names.reduce(0) { max($0, $1.string.utf8.count) }
    for tensor in tensors.tensors {
      // Each place after a dot may be the start of a parameter's name, unless more follows than the longest name has.
      let name = tensor.name.utf8
      let first = name.index(name.endIndex, offsetBy: -longest, limitedBy: name.startIndex) ?? name.startIndex
      for start in name[first...].indices
      where start == name.startIndex || name[name.index(before: start)] == UInt8(ascii: ".") {
        let rest = String(tensor.name[start...])
        if names.contains(UTF8Key(rest)) { counts[UTF8Key(String(tensor.name[..<start])), default: 0] += 1 }
      }
    }
    let most = counts.values.max()
    return counts.filter { $0.value == most }.keys.min()?.string ?? ""
  }

  private static func olderName(_ name: String) -> String {
    for (suffix, older) in [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")]
    where name.hasSuffix(suffix) {
      return name.dropLast(suffix.count) + older
    }
    return name
  }
}
