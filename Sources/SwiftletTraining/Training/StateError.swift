// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// Thrown for a checkpoint that is undamaged but does not fit this model: another version of the package wrote it.
package struct StateError: SwiftletError, Equatable {
  /// The file.
  package let path: String?
  /// The part that is missing or has another shape.
  package let name: String

  package var reason: String { "\(quoted(name)) is missing or not this model's" }
  package var remedy: String { "start anew in another folder" }
}
