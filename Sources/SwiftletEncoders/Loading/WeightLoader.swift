// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

/// Reads a model's parameters from its weights files. Missing, misshapen or non-finite tensors are an error that lists
/// all of them.
struct WeightLoader: Sendable {
  let folder: String
  let checkpoint: Checkpoint
  let parameters: ParameterList
  let kernels: Kernels
  let allowsNonFinite: Bool

  /// The tensor of each parameter, by the parameter's index.
  let sources: [TensorInfo]

  /// The names of tensors that the model does not use, for example task heads, a pooler or `position_ids`.
  let unusedTensors: [String]

  /// Finds the parameters' tensors. Also accepts names of other tools: with one prefix before all names, as `bert.`,
  /// `0.auto_model.` or `module.`, and `gamma` and `beta` for the weight and bias of a layer norm.
  ///
  /// - Throws: The errors of `Checkpoint`; ``WeightError`` if a tensor is missing or has the wrong shape or type.
  init(_ parameters: ParameterList, folder: String, kernels: Kernels, allowsNonFinite: Bool) throws {
    self.allowsNonFinite = allowsNonFinite
    self.folder = folder
    checkpoint = try Checkpoint(folder: folder)
    self.parameters = parameters
    self.kernels = kernels
    let checkpoint = checkpoint
    func tensor(_ name: String) -> TensorInfo? { checkpoint[name] ?? checkpoint[WeightLoader.olderName(name)] }
    let prefix = WeightLoader.prefix(of: parameters, in: checkpoint)
    var sources: [TensorInfo] = []
    var problems: [WeightError.Problem] = []
    for parameter in parameters.parameters {
      guard let source = tensor(prefix + parameter.name) else {
        problems.append(.missing(name: prefix + parameter.name))
        continue
      }
      sources.append(source)
      if source.shape != parameter.shape {
        problems.append(.misshapen(name: source.name, shape: source.shape, expected: parameter.shape))
      } else if source.dtype.numberFormat == nil {
        problems.append(.unusableType(name: source.name, type: source.dtype))
      }
    }
    guard problems.isEmpty else {
      throw WeightError(path: folder, problems: problems, names: checkpoint.tensors.map(\.name))
    }
    self.sources = sources
    let used = Set(sources.map { Array($0.name.utf8) })
    unusedTensors = checkpoint.tensors.map(\.name).filter { !used.contains(Array($0.utf8)) }
  }

  /// The text before the names of parameters in the file: the one that the most of them have.
  private static func prefix(of parameters: ParameterList, in checkpoint: Checkpoint) -> String {
    var counts: [UTF8Key: Int] = [:]
    let names = Set(parameters.parameters.flatMap { [UTF8Key($0.name), UTF8Key(olderName($0.name))] })
    for tensor in checkpoint.tensors {
      // Each place after a dot may be the start of a parameter's name.
      let name = tensor.name.utf8
      for start in [name.startIndex] + name.indices.filter({ name[$0] == UInt8(ascii: ".") }).map(name.index(after:)) {
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
