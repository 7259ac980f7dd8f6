// SPDX-License-Identifier: Apache-2.0

/// A pattern for names, as a shell uses for files: `*` matches any text, `?` any scalar, `[a-z]` one of these, `[!a-z]`
/// one that is not among these. Every other scalar matches itself, also an unclosed bracket.
///
/// Matching takes time proportional to the length of the name times that of the pattern.
struct NamePattern {
  private enum Element {
    case anyText
    case scalar(Unicode.Scalar)
    case oneOf([ClosedRange<Unicode.Scalar>], isNegated: Bool)

    func matches(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .anyText: false
      case .scalar(let own): own == scalar
      case .oneOf(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
      }
    }
  }

  private var elements: [Element] = []

  init(_ text: String) {
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "*": elements.append(.anyText)
      case "?": elements.append(.oneOf([], isNegated: true))
      case "[": elements.append(NamePattern.set(&rest) ?? .scalar(scalar))
      default: elements.append(.scalar(scalar))
      }
    }
  }

  /// Parses a set after its opening bracket. The closing bracket cannot come first; nil if there is none.
  private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Element? {
    var members = rest
    let isNegated = members.first == "!"
    if isNegated { members.removeFirst() }
    guard let end = members.dropFirst().firstIndex(of: "]") else { return nil }
    rest = rest[(end + 1)...]
    members = members[..<end]
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while let low = members.popFirst() {
      var high = low
      if members.count >= 2, members.first == "-" {
        high = members[members.startIndex + 1]
        members.removeFirst(2)
      }
      if low <= high { ranges.append(low...high) }
    }
    return .oneOf(ranges, isNegated: isNegated)
  }

  /// Whether the pattern matches the whole of `name`.
  func matches(_ name: String) -> Bool {
    let scalars = Array(name.unicodeScalars)
    var element = 0, scalar = 0
    // Where to retry if the text after the last `*` does not match: one scalar later. Earlier `*` need no retry.
    var retry: (element: Int, scalar: Int)?
    while scalar < scalars.count {
      if element < elements.count, case .anyText = elements[element] {
        element += 1
        retry = (element, scalar)
      } else if element < elements.count, elements[element].matches(scalars[scalar]) {
        element += 1
        scalar += 1
      } else if let start = retry {
        retry = (start.element, start.scalar + 1)
        (element, scalar) = (start.element, start.scalar + 1)
      } else {
        return false
      }
    }
    return elements[element...].allSatisfy { if case .anyText = $0 { true } else { false } }
  }
}
