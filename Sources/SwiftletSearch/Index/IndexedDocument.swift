// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// A document of an index.
public struct IndexedDocument: Equatable, Sendable {
  /// What tells it from all others; a document added with the id of another replaces it.
  public var id: String

  /// The text, as results show it.
  public var text: String

  /// Members that filters can ask for.
  public var metadata: JSONObject

  /// A document.
  public init(id: String, text: String, metadata: JSONObject = [:]) {
    self.id = id
    self.text = text
    self.metadata = metadata
  }
}

extension JSONObject {
  /// Whether both have the same members, in any order.
  func hasSameMembers(as other: JSONObject) -> Bool {
    members.count == other.members.count && members.allSatisfy { other[$0.key] == $0.value }
  }
}

/// A document that was found.
public struct SearchHit: Equatable, Sendable {
  /// The dot product of the query's vector and the document's: the cosine where both have unit length.
  public let score: Float

  /// Where the document stands among all, from 0: documents with equal scores are in this order.
  public let position: Int

  /// The document.
  public let document: IndexedDocument

  /// The part of the document's text that the score is of: its best window, or all of it.
  public let passage: String
}
