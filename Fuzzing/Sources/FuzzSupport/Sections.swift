// SPDX-License-Identifier: Apache-2.0

/// Splits an input into files at the bytes FF 0A FF, which no UTF-8 text contains. An empty section is an absent file.
package func sections(of input: UnsafeBufferPointer<UInt8>, count: Int) -> [ArraySlice<UInt8>?] {
  var rest = Array(input)[...]
  return (0..<count).map { index in
    let end = index == count - 1 ? rest.endIndex : firstSeparator(in: rest)
    let section = rest[..<end]
    rest = rest[end...].dropFirst(separator.count)
    return section.isEmpty ? nil : section
  }
}

private let separator: [UInt8] = [0xFF, 0x0A, 0xFF]

private func firstSeparator(in bytes: ArraySlice<UInt8>) -> Int {
  bytes.indices.first { bytes[$0...].starts(with: separator) } ?? bytes.endIndex
}
