// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
  /// Appends `elements` one after another, `separator` between them.
  @inlinable public mutating func append<Item, Failure: Error>(
    _ elements: some Collection<Item>, separator: Unicode.Scalar,
    _ appendElement: (inout [UInt8], Item) throws(Failure) -> Void
  ) throws(Failure) {
    var isFirst = true
    for element in elements {
      if !isFirst { append(UInt8(ascii: separator)) }
      isFirst = false
      try appendElement(&self, element)
    }
  }

  /// Appends the decimal form of `numbers`, for floats the shortest that reads back equal.
  @inlinable public mutating func append(
    _ numbers: some Collection<some CustomStringConvertible>, separator: Unicode.Scalar
  ) {
    append(numbers, separator: separator) { $0 += $1.description.utf8 }
  }
}
