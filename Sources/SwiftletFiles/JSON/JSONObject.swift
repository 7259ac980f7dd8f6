// SPDX-License-Identifier: Apache-2.0

/// The members of a JSON object in their order, found by the UTF-8 bytes of their keys.
public struct JSONObject: Equatable, Sendable, ExpressibleByDictionaryLiteral {
  /// A key and its value.
  public struct Member: Equatable, Sendable {
    /// The key.
    public let key: String
    /// The value.
    public var value: JSONValue

    /// Whether keys have the same bytes and values are equal.
    public static func == (left: Member, right: Member) -> Bool {
      sameBytes(left.key, right.key) && left.value == right.value
    }
  }

  /// The members as they were written.
  public private(set) var members: [Member] = []
  /// The place of each key; empty for a few members, which are searched one by one.
  private var positions: [UTF8Key: Int] = [:]

  private static let maximumScannedCount = 8

  /// An object without members.
  public init() {}

  /// An object of these members; keys must differ.
  public init(dictionaryLiteral members: (String, JSONValue)...) {
    for (key, value) in members {
      let isNew = append(key, value)
      precondition(isNew, "the key \(key) occurs twice")
    }
  }

  /// The value of `key`. Setting nil removes the member; a new key is added at the end.
  public subscript(key: String) -> JSONValue? {
    get { position(of: key).map { members[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): members[position].value = value
      case (nil, let value?): append(key, value)
      case (let position?, nil):
        let kept = members.enumerated().filter { $0.offset != position }.map(\.element)
        self = JSONObject()
        for member in kept { append(member.key, member.value) }
      case (nil, nil): break
      }
    }
  }

  /// Whether members and their order are equal.
  public static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }

  /// Adds a member at the end. Returns false and adds nothing if the key already exists.
  @discardableResult
  mutating func append(_ key: String, _ value: JSONValue) -> Bool {
    if members.count < JSONObject.maximumScannedCount {
      guard position(of: key) == nil else { return false }
    } else {
      if positions.isEmpty {
        for (i, member) in members.enumerated() { positions[UTF8Key(member.key)] = i }
      }
      if let earlier = positions.updateValue(members.count, forKey: UTF8Key(key)) {
        positions[UTF8Key(key)] = earlier
        return false
      }
    }
    members.append(Member(key: key, value: value))
    return true
  }

  private func position(of key: String) -> Int? {
    positions.isEmpty ? members.firstIndex { sameBytes($0.key, key) } : positions[UTF8Key(key)]
  }
}
