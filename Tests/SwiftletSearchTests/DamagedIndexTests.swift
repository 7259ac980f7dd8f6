// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

@testable import SwiftletSearch

/// Files of an index that are not as they were written: errors, or wrong results at the worst, never a crash.
@Suite struct DamagedIndexTests {
  private let folder = try! TemporaryFolder()
  private var path: String { folder.path("index") }

  init() throws {
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 5))
    for number in 0..<40 {
      let metadata: JSONObject = number % 2 == 0 ? ["kind": .string("even")] : [:]
      try writer.add(
        IndexedDocument(id: "id-\(number)", text: "text \(number)", metadata: metadata),
        vector: (0..<5).map { Float(($0 * 7 + number * 3) % 11) - 5 })
    }
    try writer.remove(id: "id-7")
    try writer.commit()
  }

  private var files: [String] {
    get throws {
      try FileManager.default.subpathsOfDirectory(atPath: path).sorted().filter {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: "\(path)/\($0)", isDirectory: &isFolder) && !isFolder.boolValue
      }
    }
  }

  /// Opens the index, searches it in each way, and reads all of it.
  private func use(mapsFiles: Bool) throws {
    let index = try VectorIndex(folder: path, mapsFiles: mapsFiles)
    _ = try? index.search([1, 2, 3, 4, 5], limit: 50)
    _ = try? index.search([1, 2, 3, 4, 5], limit: 3, where: SearchFilter("kind = 'even'"))
    try index.forEachDocument { _, _, _ in }
    try index.check()
    _ = try VectorIndexWriter(folder: path)
  }

  @Test func aChangedByteIsFound() throws {
    try use(mapsFiles: true)
    var random = SplitMix64(seed: 1)
    for name in try files {
      let url = URL(fileURLWithPath: "\(path)/\(name)"), whole = try Data(contentsOf: url)
      let places = (0..<15).map { _ in Int.random(in: whole.indices, using: &random) }
      for place in places {
        var bytes = whole
        bytes[place] ^= UInt8.random(in: 1...255, using: &random)
        try bytes.write(to: url)
        let result = Result { try use(mapsFiles: place % 2 == 0) }
        // Digests cover all files but the manifest.
        if name != "manifest.json" {
          #expect(throws: (any Error).self, "\(name), byte \(place)") { try result.get() }
        }
        if case .failure(let error) = result { #expect(error is any SwiftletError, "\(error)") }
      }
      try whole.write(to: url)
    }
  }

  @Test func aCutFileIsAnError() throws {
    for name in try files {
      let url = URL(fileURLWithPath: "\(path)/\(name)"), whole = try Data(contentsOf: url)
      // The manifest ends with a line feed, which JSON does not need.
      for count in [0, 1, whole.count / 2, whole.count - 2] where count < whole.count {
        try whole.prefix(count).write(to: url)
        #expect(throws: (any Error).self, "\(name), \(count) bytes") { try use(mapsFiles: true) }
      }
      try FileManager.default.removeItem(at: url)
      #expect(throws: (any Error).self, "\(name) is missing") { try use(mapsFiles: true) }
      try whole.write(to: url)
    }
  }

  @Test(arguments: [
    (#""version": 1"#, #""version": 2"#), (#""version": 1"#, #""version": "x""#), ("swiftlet-index", "other"),
    (#""rows": 40"#, #""rows": 41"#), (#""rows": 40"#, #""rows": -1"#), (#""rows": 40"#, #""rows": 9e99"#),
    (#""live": 39"#, #""live": 400"#), (#""dimension": 5"#, #""dimension": 0"#),
    (#""dimension": 5"#, #""dimension": 6"#), (#""dimension": 5"#, #""dimension": 9223372036854775807"#),
    (#""generation": 1"#, #""generation": 9223372036854775807"#), (#""generation": 1"#, #""generation": -1"#),
    (#""revision": 1"#, #""revision": 9223372036854775807"#), (#""number": 0"#, #""number": 9223372036854775807"#),
    (#""next_segment": 1"#, #""next_segment": 0"#), (#""scan": "int8""#, #""scan": "int9""#),
    (#""number": 0"#, #""number": -1"#),
    (#""kind""#, #"1"#), (#""model": null"#, #""model": {}"#),
  ])
  func wrongManifestsAreErrors(old: String, new: String) throws {
    let url = URL(fileURLWithPath: "\(path)/manifest.json"), text = try String(contentsOf: url, encoding: .utf8)
    #expect(text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(to: url, atomically: true, encoding: .utf8)
    #expect(throws: (any Error).self) { try use(mapsFiles: true) }
  }
}
