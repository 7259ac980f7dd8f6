// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// How labels look in a drawing: six colors that color-blind people tell apart, in up to three shapes. If there are too
/// many labels for that, the most frequent ones have two shapes, and the others are small and gray.
struct LabelMarks {
  enum Shape: Int, CaseIterable {
    case disc, triangle, square
  }

  struct Mark: Equatable {
    let color: Int
    let shape: Shape
  }

  /// The labels with a mark of their own, in the order of the legend.
  let labels: [Int]
  /// How many labels there are.
  let labelCount: Int

  /// How many colors the page has for marks and lines.
  static let colors = 6

  init(_ texts: LabeledTexts) {
    var counts = [Int](repeating: 0, count: texts.labelNames.count)
    for label in texts.labels { counts[label] += 1 }
    labelCount = counts.count
    let mostMarks = LabelMarks.colors * Shape.allCases.count
    let most = labelCount <= mostMarks ? labelCount : 2 * LabelMarks.colors
    // Of equally frequent ones those that come first.
    let byCount = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    labels = byCount.prefix(most).sorted()
  }

  subscript(label: Int) -> Mark? {
    guard let index = labels.firstIndex(of: label) else { return nil }
    return Mark(color: index % LabelMarks.colors, shape: Shape.allCases[index / LabelMarks.colors])
  }

  /// The outline of a mark around a place; without a mark a small one.
  static func draw(_ mark: Mark?, x: Double, y: Double, title: Markup = "") -> Markup {
    switch mark?.shape {
    case nil: "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"2.4\">\(title)</circle>"
    case .disc: "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"3.6\">\(title)</circle>"
    case .triangle: "<path d=\"M\(x) \(y - 4.6)l4.4 7.8h-8.8z\">\(title)</path>"
    case .square: "<path d=\"M\(x - 3.3) \(y - 3.3)h6.6v6.6h-6.6z\">\(title)</path>"
    }
  }

  /// The classes of a group of marks.
  static func style(_ mark: Mark?) -> String { mark.map { "point c\($0.color)" } ?? "point other" }
}
