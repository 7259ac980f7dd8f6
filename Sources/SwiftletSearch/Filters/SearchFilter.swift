// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A condition on the documents' metadata, for example `lang = "en" and year >= 2020`.
///
/// A comparison is a member's name, one of `=`, `!=`, `<`, `<=`, `>`, `>=`, and a string in single or double quotes, a
/// number, `true`, `false` or `null`; or a name, `in`, and a list of these in parentheses. Comparisons are joined by
/// `not`, `and` and `or`, in this order of precedence, and by parentheses. A name that is not of letters, digits, `_`,
/// `-` and `.`, or is one of these words, stands in backquotes. In quotes, a backslash goes before a quote or another
/// backslash. A filter has at most 1,000 comparisons and values.
///
/// A missing member equals `null`, and nothing else. Numbers are compared with numbers and strings with strings, these by
/// their UTF-8 bytes; between different kinds, `!=` is true and every other comparison false.
public struct SearchFilter: Sendable, Equatable {
  let condition: Condition

  /// A part of a filter.
  indirect enum Condition: Sendable, Equatable {
    case comparison(field: String, Comparison, JSONValue)
    case membership(field: String, [JSONValue])
    case not(Condition)
    case and([Condition])
    case or([Condition])
  }

  enum Comparison: String, Sendable, CaseIterable {
    case notEqual = "!="
    case atMost = "<="
    case atLeast = ">="
    case equal = "="
    case below = "<"
    case above = ">"
  }

  /// Reads a filter.
  ///
  /// - Throws: ``FilterError`` with the place of what is wrong.
  public init(_ text: String) throws {
    var parser = FilterParser(text)
    condition = try parser.parse()
  }
}

extension SearchFilter.Condition {
  /// Whether a row of a segment fulfils the condition.
  func test(in segment: Segment) throws -> (Int) throws(IndexError) -> Bool {
    switch self {
    case .comparison(let field, let comparison, let value):
      return try test(field, in: segment) { SearchFilter.holds($0, comparison, value) }
    case .membership(let field, let values):
      return try test(field, in: segment) { found in values.contains { SearchFilter.holds(found, .equal, $0) } }
    case .not(let condition):
      let test = try condition.test(in: segment)
      return { row throws(IndexError) in try !test(row) }
    case .and(let conditions):
      let tests = try conditions.map { try $0.test(in: segment) }
      return { row throws(IndexError) in
        for test in tests where try !test(row) { return false }
        return true
      }
    case .or(let conditions):
      let tests = try conditions.map { try $0.test(in: segment) }
      return { row throws(IndexError) in
        for test in tests where try test(row) { return true }
        return false
      }
    }
  }

  /// Compares each distinct value of a member once.
  private func test(
    _ field: String, in segment: Segment, _ holds: (JSONValue) -> Bool
  ) throws -> (Int) throws(IndexError) -> Bool {
    let missing = holds(.null)
    guard let column = segment.field(named: field) else { return { _ in missing } }
    let results = [missing] + (try column.allValues().map(holds))
    return { row throws(IndexError) in results[try column.place(of: row)] }
  }
}

extension SearchFilter {
  static func holds(_ found: JSONValue, _ comparison: Comparison, _ wanted: JSONValue) -> Bool {
    let order: Int?
    switch (found, wanted) {
    case (.number(let found), .number(let wanted)): order = SearchFilter.order(found, wanted)
    case (.string(let found), .string(let wanted)):
      order = UTF8Key(found) < UTF8Key(wanted) ? -1 : UTF8Key(found) == UTF8Key(wanted) ? 0 : 1
    default: order = found == wanted ? 0 : nil
    }
    guard let order else { return comparison == .notEqual }
    if case .number = found {} else if case .string = found {} else { return comparison == .equal }
    return switch comparison {
    case .equal: order == 0
    case .notEqual: order != 0
    case .below: order < 0
    case .atMost: order <= 0
    case .above: order > 0
    case .atLeast: order >= 0
    }
  }

  private static func order(_ left: JSONNumber, _ right: JSONNumber) -> Int {
    if let left = left.int, let right = right.int { return left < right ? -1 : left == right ? 0 : 1 }
    return left.double < right.double ? -1 : left.double == right.double ? 0 : 1
  }
}
