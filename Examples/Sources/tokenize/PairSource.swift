// SPDX-License-Identifier: Apache-2.0

import ProgramSupport

/// The second texts of pairs, as many as there are first ones; or none at all.
struct PairSource: ~Copyable {
  private var lines: TextLines?
  private let path: String

  /// There are fewer, or more, second texts than first ones.
  struct CountError: Error, CustomStringConvertible {
    let path: String

    var description: String { "\(path): has not as many lines as there are texts; give a line for each text" }
  }

  /// - Parameter path: nil for no second texts.
  init(path: String?, jsonField: String?, warn: @escaping (String) -> Void) throws {
    self.path = path ?? ""
    lines = try path.map { try TextLines(path: $0, jsonField: jsonField, warn: warn) }
  }

  mutating func next() throws -> String? {
    guard lines != nil else { return nil }
    guard let text = try lines!.next() else { throw CountError(path: path) }
    return text
  }

  /// Call after the last first text.
  mutating func finish() throws {
    if lines != nil, try lines!.next() != nil { throw CountError(path: path) }
  }
}
