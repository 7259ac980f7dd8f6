// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// What is wrong in the text of a ``SearchFilter``.
public struct FilterError: SwiftletError, Equatable {
  /// The number of characters before the place.
  public let offset: Int

  /// What was expected there.
  public let expected: String

  /// What is there.
  public let found: String

  /// nil: a filter has no file.
  public var path: String? { nil }

  /// What is wrong and where.
  public var reason: String { "the filter has \(found) at character \(offset + 1), where \(expected) is expected" }

  /// What to do about it.
  public var remedy: String { #"write it like lang = "en" and year >= 2020"# }
}

/// Reads a ``SearchFilter``.
struct FilterParser {
  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  private var termCount = 0

  /// Deeper nesting is refused: each level takes some stack.
  private static let maximumDepth = 200

  /// More values are refused: each is compared with each distinct value of a member.
  private static let maximumTerms = 1000

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  mutating func parse() throws(FilterError) -> SearchFilter.Condition {
    let condition = try disjunction()
    skipSpaces()
    guard place == scalars.count else { throw error("\"and\", \"or\" or the end") }
    return condition
  }

  private mutating func disjunction() throws(FilterError) -> SearchFilter.Condition {
    var conditions = [try conjunction()]
    while takeWord("or") { conditions.append(try conjunction()) }
    return conditions.count == 1 ? conditions[0] : .or(conditions)
  }

  private mutating func conjunction() throws(FilterError) -> SearchFilter.Condition {
    var conditions = [try negation()]
    while takeWord("and") { conditions.append(try negation()) }
    return conditions.count == 1 ? conditions[0] : .and(conditions)
  }

  private mutating func negation() throws(FilterError) -> SearchFilter.Condition {
    depth += 1
    defer { depth -= 1 }
    guard depth <= FilterParser.maximumDepth else { throw error("an end of the nesting") }
    if takeWord("not") { return .not(try negation()) }
    guard take("(") else { return try comparison() }
    let condition = try disjunction()
    try expect(")")
    return condition
  }

  private mutating func comparison() throws(FilterError) -> SearchFilter.Condition {
    let field = try name()
    if takeWord("in") {
      try expect("(")
      var values = [try value()]
      while take(",") { values.append(try value()) }
      try expect(")")
      return .membership(field: field, values)
    }
    for comparison in SearchFilter.Comparison.allCases where take(comparison.rawValue) {
      return .comparison(field: field, comparison, try value())
    }
    throw error("a comparison")
  }

  private mutating func name() throws(FilterError) -> String {
    skipSpaces()
    if place < scalars.count, scalars[place] == "`" { return try quoted() }
    let word = word()
    guard !word.isEmpty, !["and", "or", "not", "in", "true", "false", "null"].contains(word) else {
      throw error("a member's name")
    }
    place += word.unicodeScalars.count
    return word
  }

  private mutating func value() throws(FilterError) -> JSONValue {
    skipSpaces()
    termCount += 1
    guard termCount <= FilterParser.maximumTerms else {
      throw error("the end, after \(FilterParser.maximumTerms) values")
    }
    guard place < scalars.count else { throw error("a value") }
    if scalars[place] == "\"" || scalars[place] == "'" { return .string(try quoted()) }
    let start = place
    while place < scalars.count, "+-.0123456789eE".unicodeScalars.contains(scalars[place]) { place += 1 }
    let number = String(String.UnicodeScalarView(scalars[start..<place]))
    if let value = try? JSONParser.parse(Array(number.utf8)), case .number = value, endsWord { return value }
    place = start
    for (word, value) in [("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null)]
    where takeWord(word) { return value }
    throw error("a value")
  }

  /// A text in quotes of the kind that stands here.
  private mutating func quoted() throws(FilterError) -> String {
    let quote = scalars[place], start = place
    var text = String.UnicodeScalarView()
    place += 1
    while place < scalars.count, scalars[place] != quote {
      if scalars[place] == "\\", place + 1 < scalars.count { place += 1 }
      text.append(scalars[place])
      place += 1
    }
    guard place < scalars.count else {
      place = start
      throw error("a text that ends with \(quote)")
    }
    place += 1
    return String(text)
  }

  // MARK: Words

  private mutating func skipSpaces() {
    while place < scalars.count, scalars[place].properties.isWhitespace { place += 1 }
  }

  /// The letters, digits and signs of a name that stand here.
  private func word() -> String {
    String(String.UnicodeScalarView(scalars[place...].prefix { isOfWord($0) }))
  }

  private func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "_-.".unicodeScalars.contains(scalar)
  }

  /// Whether no word goes on here.
  private var endsWord: Bool { place == scalars.count || !isOfWord(scalars[place]) }

  private mutating func takeWord(_ wanted: String) -> Bool {
    skipSpaces()
    guard word().lowercased() == wanted else { return false }
    place += wanted.unicodeScalars.count
    return true
  }

  private mutating func take(_ sign: String) -> Bool {
    skipSpaces()
    guard scalars[place...].starts(with: sign.unicodeScalars) else { return false }
    place += sign.unicodeScalars.count
    return true
  }

  private mutating func expect(_ sign: String) throws(FilterError) {
    guard take(sign) else { throw error("\"\(sign)\"") }
  }

  private func error(_ expected: String) -> FilterError {
    var place = place
    while place < scalars.count, scalars[place].properties.isWhitespace { place += 1 }
    let rest = String(String.UnicodeScalarView(scalars[place...].prefix(20)))
    return FilterError(offset: place, expected: expected, found: rest.isEmpty ? "its end" : SwiftletFiles.quoted(rest))
  }
}
