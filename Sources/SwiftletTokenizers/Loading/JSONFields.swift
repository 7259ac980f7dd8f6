// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The fields of an object of a tokenizer's file, with errors that name file and field.
///
/// Each reader returns nil for a field that is absent or null, and throws if the field has another type.
struct JSONFields {
  let object: JSONObject
  let path: String
  /// The place of the object in the file, for example "model.".
  private let prefix: String

  init(path: String, limit: Int) throws {
    guard let object = try JSONParser.parse(path: path, limit: limit).object else {
      throw TokenizerError.malformed(path: path, field: "the file", expected: "an object")
    }
    self.init(object, path: path, prefix: "")
  }

  private init(_ object: JSONObject, path: String, prefix: String) {
    self.object = object
    self.path = path
    self.prefix = prefix
  }

  func bool(_ key: String) throws(TokenizerError) -> Bool? {
    try read(key, "true or false") { $0.bool }
  }

  func string(_ key: String) throws(TokenizerError) -> String? {
    try read(key, "a string") { $0.string }
  }

  func int(_ key: String) throws(TokenizerError) -> Int? {
    try read(key, "an integer") { $0.int }
  }

  func array(_ key: String) throws(TokenizerError) -> [JSONValue]? {
    try read(key, "an array") { $0.array }
  }

  func object(_ key: String) throws(TokenizerError) -> JSONFields? {
    try read(key, "an object") { $0.object }.map { fields($0, at: key) }
  }

  /// The objects of an array.
  func objects(_ key: String) throws(TokenizerError) -> [JSONFields]? {
    guard let values = try array(key) else { return nil }
    var fields: [JSONFields] = []
    for (index, value) in values.enumerated() {
      guard let object = value.object else { throw malformed("\(key)[\(index)]", expected: "an object") }
      fields.append(self.fields(object, at: "\(key)[\(index)]"))
    }
    return fields
  }

  /// A field that must be present.
  func required<Value>(
    _ key: String, _ expected: String, _ value: (JSONFields, String) throws(TokenizerError) -> Value?
  ) throws(TokenizerError) -> Value {
    guard let value = try value(self, key) else { throw malformed(key, expected: expected) }
    return value
  }

  func malformed(_ key: String, expected: String) -> TokenizerError {
    .malformed(path: path, field: prefix + key, expected: expected)
  }

  /// - Parameter remedy: what to do about it; nil: use another tokenizer.
  func unsupported(_ what: String, remedy: String? = nil) -> TokenizerError {
    .unsupported(path: path, what: what, remedy: remedy)
  }

  /// The fields of a value at a place of the file; nil if the value is no object.
  func element(_ value: JSONValue, at place: String) -> JSONFields? { value.object.map { fields($0, at: place) } }

  private func fields(_ object: JSONObject, at key: String) -> JSONFields {
    JSONFields(object, path: path, prefix: "\(prefix)\(key).")
  }

  private func read<Value>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
  ) throws(TokenizerError) -> Value? {
    guard let value = object[key], value != .null else { return nil }
    guard let converted = convert(value) else { throw malformed(key, expected: expected) }
    return converted
  }
}
