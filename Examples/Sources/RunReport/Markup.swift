// SPDX-License-Identifier: Apache-2.0

/// A piece of XHTML. Text that is interpolated is escaped; markup that is interpolated stays as it is.
///
/// ```swift
/// let cell: Markup = "<td>\(textFromOutside)</td>"
/// ```
struct Markup: ExpressibleByStringInterpolation {
  let source: String

  init(source: String) { self.source = source }

  init(stringLiteral value: String) { source = value }

  init(stringInterpolation: Interpolation) { source = stringInterpolation.source }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var source = ""

    init(literalCapacity: Int, interpolationCount: Int) {
      source.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    mutating func appendLiteral(_ literal: String) { source += literal }

    mutating func appendInterpolation(_ text: String) { source += Markup.escaping(text) }

    mutating func appendInterpolation(_ markup: Markup) { source += markup.source }

    mutating func appendInterpolation(_ parts: [Markup]) { source += parts.map(\.source).joined(separator: "\n") }

    mutating func appendInterpolation(_ number: Int) { source += "\(number)" }

    /// A length in a drawing: tenths are as fine as one sees.
    mutating func appendInterpolation(_ length: Double) { source += decimals(length, 1) }
  }

  /// `text` for elements and attributes. White space becomes spaces; characters that XML does not have, and those that
  /// change the direction of what follows, become U+FFFD.
  private static func escaping(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": result += " "
      case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      case _ where scalar.properties.generalCategory == .control: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension String {
  /// The beginning, if there are more than `limit` Unicode scalars: a single character may have any number of them.
  func cut(to limit: Int) -> String {
    let scalars = unicodeScalars
    return scalars.dropFirst(limit).isEmpty ? self : "\(Substring(scalars.prefix(limit - 1)))…"
  }
}
