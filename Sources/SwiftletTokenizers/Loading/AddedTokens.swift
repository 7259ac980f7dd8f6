// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The tokens that are looked for in whole texts, by id and by content.
struct AddedTokens: Sendable {
  /// In the order of the files.
  let tokens: [AddedToken]
  private let byID: [Int32: AddedToken]
  private let byContent: [UTF8Key: Int32]

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    byID = Dictionary(tokens.map { ($0.id, $0) }) { $1 }
    byContent = Dictionary(tokens.map { (UTF8Key($0.content), $0.id) }) { $1 }
  }

  /// One past the highest id.
  var count: Int { Int(tokens.map(\.id).max() ?? -1) + 1 }

  func id(of content: String) -> Int32? { byContent[UTF8Key(content)] }

  subscript(id: Int32) -> AddedToken? { byID[id] }
}
