// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Numbers names, or texts, from 0 in order of first occurrence. They are equal if their UTF-8 bytes are.
struct LabelNumbering {
  private(set) var names: [String] = []
  private var numbers: [UTF8Key: Int] = [:]

  init(_ names: [String] = []) {
    for name in names { _ = number(of: name) }
  }

  mutating func number(of name: String) -> Int {
    if let number = numbers[UTF8Key(name)] { return number }
    numbers[UTF8Key(name)] = names.count
    names.append(name)
    return names.count - 1
  }

  /// The number of a name; nil if it was not numbered yet.
  func existingNumber(of name: String) -> Int? { numbers[UTF8Key(name)] }
}
