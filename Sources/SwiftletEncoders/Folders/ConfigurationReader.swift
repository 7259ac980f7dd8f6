// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// Reads typed values from a JSON configuration file, collects all problems, and throws them together at the end.
///
/// A key with the value `null` counts as absent, as in the reference. For a wrong value the readers return a
/// placeholder, and `finish` throws.
package struct ConfigurationReader: Sendable {
  package typealias Problem = ConfigurationError.Problem

  package let path: String
  package let object: JSONObject
  private var problems: [Problem] = []

  private static let maximumByteCount = 1 << 24

  /// Reads the file.
  ///
  /// - Throws: `FileError` if the file is absent or larger than 16 MiB, `JSONError` if it is not JSON,
  ///   `ConfigurationError` if it is not an object.
  package init(path: String) throws {
    let json = try ConfigurationReader.json(path: path)
    guard let object = json.object else {
      let problem = Problem.wrongType(key: "the file", wanted: "an object", found: json.kind)
      throw ConfigurationError(path: path, problems: [problem])
    }
    self.init(path: path, object: object)
  }

  package init(path: String, object: JSONObject) {
    self.path = path
    self.object = object
  }

  /// The JSON of a configuration file of at most 16 MiB.
  package static func json(path: String) throws -> JSONValue {
    try JSONParser.parse(path: path, limit: maximumByteCount)
  }

  /// Throws if any value was wrong.
  package func finish() throws(ConfigurationError) {
    if !problems.isEmpty { throw ConfigurationError(path: path, problems: problems) }
  }

  package mutating func report(_ problem: Problem) { problems.append(problem) }

  // MARK: Values

  /// The value of `key`, of any type; nil if the key is absent or null.
  package subscript(key: String) -> JSONValue? { object[key].flatMap { $0 == .null ? nil : $0 } }

  /// A number that is written as an integer. Without `default` the key is required.
  package mutating func integer(_ key: String, in range: ClosedRange<Int>, default: Int? = nil) -> Int {
    let standIn = `default` ?? range.lowerBound
    guard let value = value(key, isOptional: `default` != nil) else { return standIn }
    guard case .number(let number) = value, let integer = number.int else {
      return mismatch(key, "an integer", value, standIn: standIn)
    }
    guard range.contains(integer) else {
      let limits = "\(range.lowerBound) to \(range.upperBound)"
      report(.outOfRange(key: key, value: number.text, range: limits))
      return standIn
    }
    return integer
  }

  package mutating func number(_ key: String, in range: ClosedRange<Double>, default: Double) -> Double {
    guard let value = value(key, isOptional: true) else { return `default` }
    guard case .number(let number) = value else {
      return mismatch(key, "a number", value, standIn: `default`)
    }
    guard range.contains(number.double) else {
      let limits = "\(range.lowerBound) to \(range.upperBound)"
      report(.outOfRange(key: key, value: number.text, range: limits))
      return `default`
    }
    return number.double
  }

  package mutating func bool(_ key: String, default: Bool) -> Bool {
    guard let value = value(key, isOptional: true) else { return `default` }
    return value.bool ?? mismatch(key, "true or false", value, standIn: `default`)
  }

  package mutating func string(_ key: String) -> String? {
    guard let value = value(key, isOptional: true) else { return nil }
    return value.string ?? mismatch(key, "a string", value, standIn: nil)
  }

  /// The choice that the key's word stands for.
  package mutating func choice<Choice>(
    _ key: String, of choices: KeyValuePairs<String, Choice>, default: Choice
  ) -> Choice {
    guard let word = string(key) else { return `default` }
    if let choice = choices.first(where: { sameBytes($0.key, word) }) { return choice.value }
    report(.unsupported(key: key, value: word, supported: choices.map(\.key)))
    return `default`
  }

  /// Reports any word other than `word`. An absent key is fine.
  package mutating func expect(_ key: String, _ word: String) {
    choice(key, of: [word: ()], default: ())
  }

  /// Reports any value other than `word`, at a place inside the file. An absent value is fine.
  package mutating func expect(_ place: String, _ value: JSONValue?, _ word: String) {
    guard let value, value != .null else { return }
    let isWord = value.string.map { sameBytes($0, word) } ?? false
    if !isWord { report(.unsupported(key: place, value: value.string ?? value.kind, supported: [word])) }
  }

  private mutating func value(_ key: String, isOptional: Bool) -> JSONValue? {
    let value = self[key]
    if value == nil, !isOptional { report(.missing(key: key)) }
    return value
  }

  private mutating func mismatch<Value>(
    _ key: String, _ wanted: String, _ value: JSONValue, standIn: Value
  ) -> Value {
    var found = value.kind
    if case .number(let number) = value { found = escaped(number.text, limit: 40) }
    report(.wrongType(key: key, wanted: wanted, found: found))
    return standIn
  }
}
