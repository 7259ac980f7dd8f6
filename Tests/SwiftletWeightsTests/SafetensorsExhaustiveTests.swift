// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletWeights
import TestSupport
import Testing

/// A 400-byte file, cut at every length, and with every byte set to other values: to all 256 if the environment has
/// `SWIFTLET_EXHAUSTIVE`, else to those with a meaning in JSON and UTF-8.
///
/// Each variant is an error or a valid file; a valid one is read whole. A trap would end the test process.
struct SafetensorsExhaustiveTests {
  private static let content: [UInt8] = {
    let header = """
      {"__metadata__":{"format":"pt","\\u00e9":"a\\nb"},\
      "embeddings.weight":{"dtype":"F32","shape":[4,5],"data_offsets":[0,80]},\
      "norm":{"dtype":"F16","shape":[3],"data_offsets":[80,86]},"scale":{"dtype":"BF16","shape":[],\
      "data_offsets":[86,88]},"none":{"dtype":"F64","shape":[0,7],"data_offsets":[88,88]}}
      """
    let padding = String(repeating: " ", count: 304 - header.utf8.count)
    return safetensors(header + padding, data: (0..<88).map { UInt8($0) })
  }()

  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("file")
  }

  @Test func cutAtEveryLength() throws {
    let content = SafetensorsExhaustiveTests.content
    #expect(content.count == 400)
    for count in 0..<400 {
      #expect(try !isValid(content[..<count]), "cut to \(count) bytes")
    }
    #expect(try isValid(content[...]))
  }

  @Test func everyByteSetToEveryValue() throws {
    var content = SafetensorsExhaustiveTests.content
    var validCount = 0
    // Any data byte is valid, so two of them stand for all.
    for position in 0..<306 {
      let original = content[position]
      for value in SafetensorsExhaustiveTests.values {
        content[position] = value
        if try isValid(content[...]) { validCount += 1 }
      }
      content[position] = original
    }
    // Other letters in names and texts are valid.
    #expect(validCount > 200)
  }

  private static var values: [UInt8] {
    if ProcessInfo.processInfo.environment["SWIFTLET_EXHAUSTIVE"] != nil { return Array(0...255) }
    return Array("{}[]:,\"\\ \n019-.eEutfnaF_\0\u{7F}".utf8) + [0x80, 0xBF, 0xC3, 0xE2, 0xED, 0xF4, 0xFF]
  }

  private func isValid(_ content: ArraySlice<UInt8>) throws -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(descriptor >= 0)
    content.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    do {
      let file = try SafetensorsFile(path: path)
      for tensor in file.tensors {
        _ = try bytes(of: tensor, in: file)
      }
      return true
    } catch let error as SafetensorsError {
      guard !error.description.contains("\n") else { throw error }
      return false
    }
  }
}
