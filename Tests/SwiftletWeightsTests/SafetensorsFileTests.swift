// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletWeights
import TestSupport
import Testing

/// The contents of a safetensors file: each malformed header or data section is an error that names the place.
struct SafetensorsFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  // MARK: Rows 1 to 9: the header as a whole

  @Test func row1EmptyOrShorterThanEightBytes() throws {
    for count in 0..<8 {
      #expect(reason(of: [UInt8](repeating: 0, count: count)) == .headerTooSmall(fileSize: count))
    }
  }

  @Test(arguments: ["", "[]", "null", "{\"a\":", "{}\0", "{}x", "{} {}"])
  func row2HeadersThatAreNotOneObject(_ header: String) throws {
    guard case .invalidHeader = reason(of: safetensors(header)) else {
      Issue.record("\(header) was not refused")
      return
    }
  }

  @Test func row3HeaderPastTheEnd() {
    for length in [3, 100_000_000] {
      let expected = SafetensorsError.Problem.invalidHeaderLength(length, fileSize: 10)
      let error = error(of: safetensors("{}", length: UInt64(length)))
      #expect(error?.problem == expected && error?.description.contains("; fetch it again") == true)
    }
  }

  @Test(arguments: [100_000_001, 1 << 63, UInt64.max, UInt64.max - 7])
  func rows4And5LengthsAboveTheLimit(_ length: UInt64) {
    #expect(reason(of: safetensors("{}", length: length)) == .headerTooLarge(length, foundInstead: nil))
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
    ("PK\u{3}\u{4}\u{0}\u{0}\u{8}\u{8}rest", "PyTorch pickle"), ("GGUF\u{3}\0\0\0\u{1}\0\0\0", "GGUF"),
    ("<!DOCTYPE html><html>", "web page"), ("\n <HTML><head>", "web page"),
  ])
  func row6OtherFormatsAreNamed(_ content: String, name: String) throws {
    let error = try #require(self.error(of: Array(content.utf8)))
    #expect(error.description.contains(name))
    #expect(!error.description.contains("\n"))
  }

  /// torch.save before version 1.6 starts with its magic number, pickled by protocol 2.
  @Test func row6PicklesAreNamed() throws {
    let pickle: [UInt8] = [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    #expect(try #require(error(of: pickle)).description.contains("Python pickle"))
  }

  @Test func row7BytesThatAreNotUnicode() throws {
    let headers: [(header: [UInt8], reason: JSONError.Problem, offset: Int)] = [
      (Array("{\"a".utf8) + [0xFF] + Array("\":1}".utf8), .invalidUTF8, 3),
      (Array(#"{"\ud800":1}"#.utf8), .loneSurrogate, 2),
    ]
    for (header, reason, offset) in headers {
      guard case .invalidHeader(let error) = self.reason(of: safetensors(header)) else {
        Issue.record("\(reason) was accepted")
        continue
      }
      #expect(error.problem == reason && error.offset == offset)
      #expect(error.description.contains("byte \(offset)"))
    }
  }

  @Test func row8WhiteSpaceAroundTheHeader() throws {
    #expect(try open(safetensors(" \n{}   ")).tensors.isEmpty)
  }

  @Test func row9NoTensors() throws {
    let file = try open(safetensors("{}"))
    #expect(file.tensors.isEmpty && file["a"] == nil)
  }

  // MARK: Rows 10 to 12: names

  @Test func row10DuplicateNamesAndFields() {
    let tensor = #"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
    #expect(invalidHeader(#"{"a":\#(tensor),"\u0061":\#(tensor)}"#) == .duplicateKey("a"))
    #expect(invalidHeader(#"{"__metadata__":{},"__metadata__":{}}"#) == .duplicateKey("__metadata__"))
    #expect(invalidHeader(#"{"__metadata__":{"k":"1","k":"2"}}"#) == .duplicateKey("k"))
    for field in [#""dtype":"F32""#, #""shape":[0]"#, #""data_offsets":[0,0]"#, #""x":1,"x":2"#] {
      let twice = #"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],\#(field)}}"#
      guard case .duplicateKey = invalidHeader(twice) else {
        Issue.record("\(twice) was not refused")
        continue
      }
    }
  }

  @Test func row11CanonicallyEqualNamesAreTwoTensors() throws {
    let file = try open(
      safetensors(
        """
        {"\u{E9}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},\
        "e\u{301}":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}
        """, data: [7, 8]))
    #expect(file.tensors.count == 2)
    #expect(try bytes(of: #require(file["\u{E9}"]), in: file) == [7])
    #expect(try bytes(of: #require(file["e\u{301}"]), in: file) == [8])
  }

  @Test func row12NamesOfAnyLengthAndContent() throws {
    let long = String(repeating: "n", count: 1_000_000)
    for name in ["", long, "\u{1}\u{202E}"] {
      var header: [UInt8] = Array("{".utf8)
      JSONWriter.append(name, to: &header)
      let fields = #":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
      #expect(try open(safetensors(header + fields.utf8, data: [1]))[name] != nil)
      let error = try #require(self.error(of: safetensors(header + fields.utf8)))
      #expect(error.description.utf8.count < 500 && !error.description.contains("\u{202E}"))
    }
  }

  // MARK: Rows 13 to 24: fields

  @Test func row13MissingAndUnknownFields() throws {
    let fields = [#""dtype":"U8""#, #""shape":[0]"#, #""data_offsets":[0,0]"#]
    for (i, name) in ["dtype", "shape", "data_offsets"].enumerated() {
      var some = fields
      some.remove(at: i)
      let header = "{\"t\":{\(some.joined(separator: ","))}}"
      #expect(reason(of: safetensors(header)) == .invalidTensor(name: "t", problem: "has no \(name)"))
    }
    let more = fields + [#""extra":{"a":[1,{"b":null}]}"#]
    #expect(try open(safetensors("{\"t\":{\(more.joined(separator: ","))}}")).tensors.count == 1)
    #expect(reason(of: safetensors(#"{"t":1}"#)) == .invalidTensor(name: "t", problem: "must be an object"))
  }

  @Test(arguments: ["F128", "f32", "", "F32 "])
  func row14UnknownTypes(_ dtype: String) {
    let problem = "unknown dtype \"\(dtype)\""
    #expect(reason(ofTensor: dtype, "[0]", "[0,0]") == .invalidTensor(name: "t", problem: problem))
  }

  @Test func row15EveryTypeOfTheFormat() throws {
    for dtype in DType.allCases {
      let count = dtype.bitWidth / 2
      #expect(reason(ofTensor: dtype.rawValue, "[4]", "[0,\(count)]", dataCount: count) == nil)
    }
    for (dtype, count) in [("F4", 1), ("F6_E2M3", 1), ("F6_E3M2", 3)] {
      let problem = "its \(dtype) elements do not fill whole bytes"
      let expected = SafetensorsError.Problem.invalidTensor(name: "t", problem: problem)
      #expect(reason(ofTensor: dtype, "[\(count)]", "[0,1]", dataCount: 1) == expected)
    }
  }

  @Test(arguments: [
    "-1", "-0", "1.0", "1e3", "\"2\"", "18446744073709551616", "9223372036854775808", "null", "[1]", "true",
    "{}",
  ])
  func row16SizesThatAreNotIntegers(_ size: String) throws {
    for (shape, offsets) in [("[\(size)]", "[0,0]"), (size, "[0,0]"), ("[0]", "[0,\(size)]"), ("[0]", size)]
    where !(shape == "[1]" || offsets == "[1]") {
      guard case .invalidTensor(name: "t", _) = reason(ofTensor: "U8", shape, offsets) else {
        Issue.record("shape \(shape), data_offsets \(offsets) was not refused")
        continue
      }
    }
  }

  @Test func row16OneOrThreeOffsets() throws {
    for offsets in ["[]", "[0]", "[0,0,0]"] {
      let problem = "data_offsets must be two integers from 0 up"
      #expect(reason(ofTensor: "U8", "[0]", offsets) == .invalidTensor(name: "t", problem: problem))
    }
  }

  @Test(arguments: [
    "[4294967296,4294967296]", "[9223372036854775807]", "[4611686018427387904]", "[4294967296,4294967296,0]",
    "[2,9223372036854775807,2]",
  ])
  func row17ProductsThatOverflow(_ shape: String) {
    #expect(reason(ofTensor: "F64", shape, "[0,0]") == .validationOverflow(name: "t"))
  }

  @Test func row18DimensionsOfZero() throws {
    let file = try open(safetensors(tensorHeader("F32", "[0,4294967296,4294967295]", "[0,0]")))
    #expect(file["t"]?.elementCount == 0)
  }

  @Test func row19NoDimensionsAndManyDimensions() throws {
    let number = try open(safetensors(tensorHeader("F32", "[]", "[0,4]"), data: [0, 0, 0, 0]))
    #expect(number["t"]?.shape == [] && number["t"]?.elementCount == 1)
    let ones = "[" + [String](repeating: "1", count: 10_000).joined(separator: ",") + "]"
    #expect(try open(safetensors(tensorHeader("U8", ones, "[0,1]"), data: [0]))["t"]?.shape.count == 10_000)
  }

  @Test(arguments: [
    ("[1,0]", "[1,2]"), ("[0,2]", "[1,3]"), ("[0,1]", "[2,3]"), ("[1,2]", "[2,3]"), ("[0,1]", "[0,1]"),
  ])
  func row20OffsetsThatDoNotFollowOneAnother(_ first: String, second: String) {
    func count(_ offsets: String) -> Int {
      let numbers = offsets.dropFirst().dropLast().split(separator: ",").compactMap { Int($0) }
      return max(numbers[1] - numbers[0], 0)
    }
    let header = """
      {"a":{"dtype":"U8","shape":[\(count(first))],"data_offsets":\(first)},\
      "b":{"dtype":"U8","shape":[\(count(second))],"data_offsets":\(second)}}
      """
    guard case .invalidOffset = reason(of: safetensors(header, data: [1, 2, 3])) else {
      Issue.record("\(header) was not refused")
      return
    }
  }

  @Test func row21DataShorterOrLongerThanTheHeaderSays() {
    for count in [0, 3, 5] {
      let header = tensorHeader("F32", "[1]", "[0,4]")
      let size = 8 + header.utf8.count
      let expected = SafetensorsError.Problem.incompleteBuffer(fileSize: size + count, wanted: size + 4)
      #expect(reason(ofTensor: "F32", "[1]", "[0,4]", dataCount: count) == expected)
    }
    let end = "[0,9223372036854775807]"
    #expect(reason(ofTensor: "U8", "[9223372036854775807]", end) == .validationOverflow(name: "t"))
  }

  @Test func row22BytesThatDoNotFitTheShape() {
    let expected = SafetensorsError.Problem.tensorInvalidInfo(name: "t", byteCount: 8, wanted: 4)
    #expect(reason(ofTensor: "F32", "[1]", "[0,8]", dataCount: 8) == expected)
  }

  @Test func row23Metadata() throws {
    for metadata in ["1", "[]", "\"x\"", "{\"a\":1}", "{\"a\":null}", "{\"a\":{}}"] {
      #expect(reason(of: safetensors("{\"__metadata__\":\(metadata)}")) == .invalidMetadata)
    }
    #expect(try open(safetensors(#"{"__metadata__":null}"#)).metadata.isEmpty)
    #expect(try open(safetensors(#"{"__metadata__":{"format":"pt"}}"#)).metadata == ["format": "pt"])
  }

  @Test(arguments: [65, 1_000_000])
  func row24Nesting(_ depth: Int) {
    let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(invalidHeader(#"{"a":{"extra":\#(nested)}}"#) == .tooDeep(limit: 64))
  }

  @Test func row24NestingUpToTheLimit() throws {
    func header(_ depth: Int) -> String {
      let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      return #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"extra":\#(nested)}}"#
    }
    #expect(try open(safetensors(header(62))).tensors.count == 1)
    #expect(invalidHeader(header(63)) == .tooDeep(limit: 64))
  }

  @Test func row25TooManyTensors() throws {
    func header(_ count: Int) -> String {
      let tensors = (0..<count).map { #""\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"# }
      return "{\(tensors.joined(separator: ","))}"
    }
    #expect(try open(safetensors(header(65_536))).tensors.count == 65_536)
    #expect(reason(of: safetensors(header(65_537))) == .tooManyTensors)
  }

  // MARK: Helpers

  private func open(_ content: [UInt8]) throws -> SafetensorsFile {
    try SafetensorsFile(path: folder.write(content, to: "file.safetensors"))
  }

  private func error(of content: [UInt8]) -> SafetensorsError? {
    do {
      _ = try open(content)
      return nil
    } catch {
      return error as? SafetensorsError
    }
  }

  private func reason(of content: [UInt8]) -> SafetensorsError.Problem? { error(of: content)?.problem }

  private func reason(
    ofTensor dtype: String, _ shape: String, _ offsets: String, dataCount: Int = 0
  ) -> SafetensorsError.Problem? {
    let data = [UInt8](repeating: 0, count: dataCount)
    return reason(of: safetensors(tensorHeader(dtype, shape, offsets), data: data))
  }

  private func invalidHeader(_ header: some Sequence<UInt8>) -> JSONError.Problem? {
    guard case .invalidHeader(let error) = reason(of: safetensors(header)) else { return nil }
    return error.problem
  }

  private func invalidHeader(_ header: String) -> JSONError.Problem? { invalidHeader(header.utf8) }
}

func tensorHeader(_ dtype: String, _ shape: String, _ offsets: String) -> String {
  #"{"t":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
}

func safetensors(_ header: some Sequence<UInt8>, length: UInt64? = nil, data: [UInt8] = []) -> [UInt8] {
  let header = Array(header)
  let length = length ?? UInt64(header.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + header + data
}

func safetensors(_ header: String, length: UInt64? = nil, data: [UInt8] = []) -> [UInt8] {
  safetensors(header.utf8, length: length, data: data)
}

func bytes(of tensor: TensorInfo, in file: SafetensorsFile) throws -> [UInt8] { try file.elements(of: tensor) }
