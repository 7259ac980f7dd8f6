// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletWeights

/// The tensors of a reference's safetensors file, in double.
struct ReferenceTensors {
  private let file: SafetensorsFile

  init(path: String) throws { file = try SafetensorsFile(path: path) }

  /// A tensor's numbers, row-major. Throws if the tensor is missing.
  subscript(name: String) -> [Double] {
    get throws {
      guard let tensor = file[name] else { throw MissingTensor(name: name) }
      func read<Number>(_ zero: Number) throws -> [Number] {
        var numbers = Array(repeating: zero, count: tensor.elementCount)
        try numbers.withUnsafeMutableBytes {
          var bytes = $0.mutableBytes
          try file.read(tensor, into: &bytes)
        }
        return numbers
      }
      return switch tensor.dtype {
      case .f64: try read(0.0)
      case .f32: try read(Float(0)).map(Double.init)
      default: throw MissingTensor(name: name)
      }
    }
  }

  private struct MissingTensor: Error { let name: String }
}

/// The length of a vector.
func norm(_ values: [Double]) -> Double {
  var sum = 0.0
  for value in values { sum += value * value }
  return sum.squareRoot()
}

/// The distance of two vectors; infinite if one is NaN or their lengths differ.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let distance = norm(zip(a, b).map { $0 - $1 })
  return distance.isNaN ? .infinity : distance
}

extension TrainableWeights {
  /// A parameter's numbers as they read now, row-major.
  func numbers(of parameter: Parameter) -> [Double] {
    var values: [Double] = []
    forEachPart(of: parameter) { values += $0.values.map(Double.init) }
    return values
  }
}
