// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Swiftlet

/// Pooling modes joined by "+", as in "cls+mean".
package struct PoolingModes: ExpressibleByArgument {
  package let modes: [PoolingMode]

  package static let listing = PoolingMode.allCases.map(\.rawValue).joined(separator: " ")

  package init?(argument: String) {
    let names = argument.split(separator: "+", omittingEmptySubsequences: false)
    modes = names.compactMap { PoolingMode(rawValue: String($0)) }
    guard modes.count == names.count else { return nil }
  }
}
