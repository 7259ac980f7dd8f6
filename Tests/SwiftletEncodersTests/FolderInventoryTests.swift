// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

/// The inventory of what configures an encoder names tests that exist.
struct FolderInventoryTests {
  @Test func everyRowNamesItsTests() throws {
    let json = try JSONParser.parse(path: fixture("folder-inventory.json"), limit: 1 << 20)
    let rows = try #require(json.array).map { try #require($0.object) }
    #expect(rows.count > 100)
    for row in rows {
      let place = "\(row["file"]?.string ?? "?") \(row["key"]?.string ?? "?")"
      for key in ["file", "key", "meaning", "precedence", "swiftlet", "test"] {
        #expect(row[key]?.string != nil, "\(place) has no \(key)")
      }
      let tests = try #require(row["test"]?.string)
      #expect(!tests.isEmpty, "\(place) has no test")
      for name in tests.split(separator: ";").map({ $0.trimmingCharacters(in: .whitespaces) }) {
        #expect(try exists(test: name), "\(place): no test \(name)")
      }
    }
  }

  /// Whether there is a suite, a function of a suite, or a golden of this name.
  private func exists(test name: String) throws -> Bool {
    if name.hasPrefix("the differential run") { return true }
    if name.hasPrefix("golden ") { return FileManager.default.fileExists(atPath: fixture(String(name.dropFirst(7)))) }
    let parts = name.split(separator: ".")
    for target in ["SwiftletEncodersTests", "SwiftletTokenizersTests", "SwiftletWeightsTests"] {
      let path = repositoryPath("Tests/\(target)/\(parts[0]).swift")
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
      return parts.count == 1 || text.contains("func \(parts[1])(")
    }
    return false
  }
}
