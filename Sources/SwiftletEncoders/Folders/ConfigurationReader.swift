// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// Takes typed values out of a JSON configuration file, collects what is wrong, and says it all at the end.
///
/// A key with `null` counts as absent, as the reference's writers mean it. Where a value is wrong its reader gives
/// a stand-in, and `finish` throws.
package struct ConfigurationReader: Sendable {
  package typealias Problem = ConfigurationError.Problem

  package let path: String
  package let object: JSONObject
  private var problems: [Problem] = []

  private static let mostBytes = 1 << 20

  /// Reads the file.
  ///
  /// - Throws: `FileError` if it is absent or has more than 1 MB, `JSONError` if it is not JSON,
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

  /// The JSON of a configuration file, which has at most 1 MB.
  package static func json(path: String) throws -> JSONValue {
    try JSONParser.parse(path: path, limit: mostBytes)
  }

  /// Throws if anything was wrong.
  package func finish() throws(ConfigurationError) {
    if !problems.isEmpty { throw ConfigurationError(path: path, problems: problems) }
  }

  package mutating func report(_ problem: Problem) { problems.append(problem) }

  // MARK: Values

  /// The value of `key`, whatever it is; nil if it is absent or null.
  package subscript(key: String) -> JSONValue? { object[key].flatMap { $0 == .null ? nil : $0 } }

  /// An integer, written as one. Without `default` the key must be there.
  package mutating func integer(_ key: String, in range: ClosedRange<Int>, default: Int? = nil) -> Int {
    guard let value = value(key, isOptional: `default` != nil) else { return `default` ?? range.lowerBound }
    guard case .number(let number) = value, let integer = number.int else {
      return mismatch(key, "an integer", value, standIn: range.lowerBound)
    }
    guard range.contains(integer) else {
      let limits = "\(range.lowerBound) to \(range.upperBound)"
      report(.outOfRange(key: key, value: number.text, range: limits))
      return range.lowerBound
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

  /// One of the words that are supported, by what it stands for.
  package mutating func choice<Choice>(
    _ key: String, of choices: KeyValuePairs<String, Choice>, default: Choice
  ) -> Choice {
    guard let word = string(key) else { return `default` }
    if let choice = choices.first(where: { sameBytes($0.key, word) }) { return choice.value }
    report(.unsupported(key: key, value: word, supported: choices.map(\.key)))
    return `default`
  }

  /// Reports a word other than the only one that is supported; an absent key stands for it.
  package mutating func expect(_ key: String, _ word: String) {
    choice(key, of: [word: ()], default: ())
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

extension JSONValue {
  /// Writes a configuration file, two spaces a level, at once or not at all.
  func write(to path: String) throws {
    var bytes: [UInt8] = []
    JSONWriter.append(self, indented: true, to: &bytes)
    try AtomicFile.write(bytes + [UInt8(ascii: "\n")], to: path)
  }
}

extension AtomicFile {
  /// Writes a whole file, at once or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws {
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }
}
