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

  /// Appends the decimal form of whole numbers.
  @inlinable public mutating func append(_ numbers: some Collection<Int32>, separator: Unicode.Scalar) {
    if numbers.isEmpty { return }
    var end = count
    // Room for a sign, ten digits and a separator each: single bytes are appended slowly.
    append(contentsOf: repeatElement(UInt8(ascii: separator), count: 12 * numbers.count))
    var bytes = mutableSpan
    for number in numbers {
      if number < 0 {
        bytes[end] = UInt8(ascii: "-")
        end += 1
      }
      var rest = number.magnitude, digitCount = 1, limit: UInt32 = 10
      while rest >= limit && digitCount < 10 {
        digitCount += 1
        limit = limit &* 10
      }
      for place in (end..<end + digitCount).reversed() {
        bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
      end += digitCount
      bytes[end] = UInt8(ascii: separator)
      end += 1
    }
    removeLast(count - (end - 1))
  }

  /// Appends the decimal form of `numbers`, for floats the shortest that reads back equal.
  @inlinable public mutating func append(
    _ numbers: some Collection<some CustomStringConvertible>, separator: Unicode.Scalar
  ) {
    append(numbers, separator: separator) { $0 += $1.description.utf8 }
  }
}
