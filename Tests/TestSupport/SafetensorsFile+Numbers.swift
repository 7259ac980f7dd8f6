// SPDX-License-Identifier: Apache-2.0

import Foundation
package import SwiftletWeights

/// Reads goldens, which are safetensors files.
extension SafetensorsFile {
  /// A tensor's elements, row-major, as they lie in the file.
  package func elements<Element: ExpressibleByIntegerLiteral>(
    of tensor: TensorInfo, as type: Element.Type = Element.self
  ) throws -> [Element] {
    var elements = [Element](repeating: 0, count: tensor.byteRange.count / MemoryLayout<Element>.stride)
    try elements.withUnsafeMutableBytes {
      var bytes = $0.mutableBytes
      try tensor.read(into: &bytes)
    }
    return elements
  }

  /// The numbers of a float32 or float64 tensor, row-major. Throws if there is none of that name.
  package func numbers(_ name: String) throws -> [Double] {
    let tensor = try tensor(name)
    return tensor.dtype == .f64 ? try elements(of: tensor) : try elements(of: tensor, as: Float.self).map(Double.init)
  }

  /// A tensor. Throws if there is none of that name.
  package func tensor(_ name: String) throws -> TensorInfo {
    guard let tensor = self[name] else { throw MissingTensor(name: name) }
    return tensor
  }

  /// Makes NaN of all numbers of a tensor in a file. Throws if there is none of that name.
  package static func spoil(_ name: String, in path: String) throws {
    let range = try SafetensorsFile(path: path).tensor(name).byteRange
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes.replaceSubrange(range, with: repeatElement(0xFF, count: range.count))
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}

private struct MissingTensor: Error { let name: String }
