// SPDX-License-Identifier: Apache-2.0

/// A JSON value. Numbers keep their digits as written, objects the order of their keys.
public enum JSONValue: Equatable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number.
  case number(JSONNumber)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object.
  case object(JSONObject)

  /// The kind of value, in words for a message.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The truth value, nil if this is something else.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The integer, nil if this is something else, for example `1.0`, `1e3` or a number too large for Int.
  public var int: Int? {
    if case .number(let value) = self { value.int } else { nil }
  }

  /// The number, nil if this is something else.
  public var double: Double? {
    if case .number(let value) = self { value.double } else { nil }
  }

  /// The string, nil if this is something else.
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The elements, nil if this is something else.
  public var array: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The object, nil if this is something else.
  public var object: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }
}

/// A JSON number, kept as it was written.
public struct JSONNumber: Equatable, Sendable {
  /// The number as in the source, for example `-1.50e3`.
  public let text: String

  init(text: String) { self.text = text }

  /// An integer.
  public init(_ value: Int) { text = "\(value)" }

  /// A finite number, in the fewest digits that read back equal.
  public init(_ value: Double) {
    precondition(value.isFinite, "JSON has no way to write \(value)")
    text = "\(value)"
  }

  /// The value if it is written as an integer and fits an Int; nil for `1.0` and `1e3`.
  public var int: Int? { Int(text) }

  /// The nearest double; infinite if the number is too large.
  public var double: Double { Double(text) ?? .nan }
}
