// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A usage error unless the value of `option` is nil or within `bounds`.
package func check<Value: Comparable>(
  _ option: String, _ value: Value?, in bounds: ClosedRange<Value>
) throws {
  guard let value, !bounds.contains(value) else { return }
  throw ValidationError("\(option) is \(value); give a number from \(bounds.lowerBound) to \(bounds.upperBound)")
}

/// A usage error unless the value of `option` is nil or a finite number of at least `bound`.
package func check(_ option: String, _ value: Double?, atLeast bound: Double) throws {
  guard let value, !(value >= bound && value.isFinite) else { return }
  throw ValidationError("\(option) is \(value); give a finite number of at least \(bound)")
}

/// A usage error unless the value of `option` is nil or a finite number above `bound`.
package func check(_ option: String, _ value: Double?, above bound: Double) throws {
  guard let value, !(value > bound && value.isFinite) else { return }
  throw ValidationError("\(option) is \(value); give a finite number above \(bound)")
}
