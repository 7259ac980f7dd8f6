// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

/// Describes a value with all stored properties, for example `TripletLoss(distance: euclidean, margin: 5.0)`. A resumed
/// run compares the description of its loss.
///
/// Equal values have the same description in every process: sets and dictionaries are sorted by their elements'
/// descriptions, and a tensor is described by the digest of its numbers. Objects and functions are described only by
/// their types.
package func identity(of value: Any) -> String {
  if let tensor = value as? Tensor {
    var hash = SHA256()
    tensor.vector.withBytes { hash.update($0) }
    return "Tensor(\(tensor.shape), \(hash.hexDigest().prefix(16)))"
  }
  let mirror = Mirror(reflecting: value), type = "\(mirror.subjectType)"
  // A nested loss may implement its own identity.
  func identity(ofPart part: Any) -> String { (part as? any Loss)?.identity ?? SwiftletTraining.identity(of: part) }
  func list(_ parts: [String]) -> String { "[\(parts.joined(separator: ", "))]" }
  let parts = mirror.children.map { child in
    let label = child.label.flatMap { $0.hasPrefix(".") ? nil : "\($0): " } ?? ""
    return label + identity(ofPart: child.value)
  }
  switch mirror.displayStyle {
  case .optional: return mirror.children.first.map { identity(ofPart: $0.value) } ?? "nil"
  case .collection: return list(mirror.children.map { identity(ofPart: $0.value) })
  case .set, .dictionary: return list(mirror.children.map { identity(ofPart: $0.value) }.sorted())
  case .class, .foreignReference: return type
  case .enum where parts.isEmpty: return "\(value)"
  case .enum: return mirror.children.map { "\($0.label ?? "")(\(identity(ofPart: $0.value)))" }.joined()
  case .tuple: return "(\(parts.joined(separator: ", ")))"
  case nil where parts.isEmpty: return "\(value)"
  default: return "\(type)(\(parts.joined(separator: ", ")))"
  }
}
