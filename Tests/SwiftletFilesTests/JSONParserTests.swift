// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import Testing

struct JSONParserTests {
  private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

  @Test func valuesKeepOrderAndDigits() throws {
    let value = try parse(#" {"b" : [1, -2.50e+3, true, false, null], "a": {"x": "y"}, "e": []} "#)
    let object = try #require(value.object)
    #expect(object.members.map(\.key) == ["b", "a", "e"])
    let array = try #require(object["b"]?.array)
    #expect(array[0].int == 1)
    #expect(array[1].double == -2500 && array[1].int == nil)
    #expect(array[2].bool == true && array[3].bool == false && array[4] == .null)
    #expect(object["a"]?.object?["x"]?.string == "y")
    #expect(object["absent"] == nil)
    guard case .number(let number) = array[1] else { throw JSONKindError() }
    #expect(number.text == "-2.50e+3")
  }

  private struct JSONKindError: Error {}

  @Test func onlyNumbersWrittenAsIntegersAreIntegers() throws {
    for (text, int) in [("-1", -1), ("0", 0), ("9223372036854775807", Int.max)] {
      #expect(try parse(text).int == int)
    }
    for text in ["1.0", "1e3", "9223372036854775808", "18446744073709551616", "\"2\""] {
      #expect(try parse(text).int == nil)
    }
    #expect(try parse("1e999").double == .infinity)
  }

  @Test func escapesAndSurrogatePairs() throws {
    let value = try parse(#""\"\\\/\b\f\n\r\tA\u00e9\u20AC\ud83d\ude00\u0000""#)
    #expect(value.string == "\"\\/\u{8}\u{C}\n\r\tA\u{E9}\u{20AC}\u{1F600}\0")
  }

  @Test func textBeyondASCIIIsKeptScalarByScalar() throws {
    let text = "\u{FEFF}e\u{301} \u{1F600}\u{200D} 한"
    let value = try parse("\"\(text)\"")
    #expect(value.string.map { Array($0.utf8) } == Array(text.utf8))
  }

  @Test(arguments: [
    ("", 0), (" ", 1), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("{\"a\":1,}", 7), ("{\"a\" 1}", 5), ("{a:1}", 1),
    ("01", 0), ("-", 1), (".5", 0), ("1.", 2), ("1e", 2), ("+1", 0), ("NaN", 0), ("nul", 0), ("truee", 4),
    ("1 1", 2), ("{}x", 2), ("\"a", 2), ("\"\\", 2), ("\"\\x\"", 1), ("\"\\u12\"", 1), ("\"\n\"", 1),
    ("'a'", 0), ("[1]//", 3), ("\u{FEFF}{}", 0), ("]", 0), ("[}", 1), ("{\"a\":}", 5), ("0x1", 0),
    ("1.5.2", 0),
  ])
  func whatIsNotJSONIsRefusedAtItsByte(_ text: String, offset: Int) throws {
    let error = try #require(throws: JSONError.self) { try parse(text) }
    #expect(error.offset == offset)
    #expect(!error.description.contains("\n"))
  }

  @Test(arguments: [#""\ud800""#, #""\ud800x""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud800\u0041""#])
  func loneSurrogatesAreRefused(_ text: String) throws {
    let error = try #require(throws: JSONError.self) { try parse(text) }
    #expect(error.problem == .loneSurrogate && error.offset == 1)
  }

  @Test(arguments: [
    [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
    [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xFF],
  ])
  func bytesThatAreNotUTF8AreRefused(_ bytes: [UInt8]) throws {
    let error = try #require(throws: JSONError.self) {
      try JSONParser.parse(Array("[\"abcdefgh\u{E9}".utf8) + bytes + Array("\"]".utf8))
    }
    #expect(error.problem == .invalidUTF8 && error.offset == 12)
  }

  @Test func duplicateKeysAreThoseOfEqualBytes() throws {
    let error = try #require(throws: JSONError.self) { try parse(#"{"a":1,"\u0061":2}"#) }
    #expect(error.problem == .duplicateKey("a"))
    // These keys are canonically equal but have different bytes, so they are two keys.
    let object = try #require(try parse("{\"\u{E9}\":1,\"e\u{301}\":2}").object)
    #expect(object["\u{E9}"]?.int == 1 && object["e\u{301}"]?.int == 2)
    // The same in an object large enough to be indexed.
    let members = (0..<1000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    #expect(try parse("{\(members)}").object?["k777"]?.int == 777)
    #expect(throws: JSONError.self) { try parse("{\(members),\"k500\":0}") }
  }

  @Test func depthAndNumberOfValuesAreBounded() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try parse(nested(64)) }
    for depth in [65, 1_000_000] {
      let error = try #require(throws: JSONError.self) { try parse(nested(depth)) }
      #expect(error.problem == .tooDeep(limit: 64))
    }
    let error = try #require(throws: JSONError.self) {
      try JSONParser.parse(Array("[1,2,3]".utf8), maximumValueCount: 3)
    }
    #expect(error.problem == .tooManyValues(limit: 3))
  }

  @Test func errorsNameLineColumnAndByte() throws {
    var error = try #require(throws: JSONError.self) { try parse("{\n  \"é\": nul\n}") }
    error.path = "config.json"
    #expect(error.line == 2 && error.column == 8 && error.offset == 10)
    #expect(error.description == "config.json: invalid JSON at line 2, column 8 (byte 10): expected a value")
  }

  @Test func writtenValuesReadBackEqual() throws {
    let text = #"{"a":[1,2.5,-0.1],"b":{},"c":"\"\\\n\u0001é","d":[],"e":null,"f":true}"#
    let value = try parse(text)
    var compact: [UInt8] = []
    JSONWriter.append(value, to: &compact)
    #expect(String(decoding: compact, as: UTF8.self) == text)
    var indented: [UInt8] = []
    JSONWriter.append(["a": .array([.bool(true)]), "b": .object([:])] as JSONObject, to: &indented)
    #expect(String(decoding: indented, as: UTF8.self) == "{\n  \"a\": [\n    true\n  ],\n  \"b\": {}\n}")
  }
}

extension JSONWriter {
  fileprivate static func append(_ object: JSONObject, to output: inout [UInt8]) {
    append(.object(object), indented: true, to: &output)
  }
}
