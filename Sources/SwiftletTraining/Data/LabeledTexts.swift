// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Texts with a label each. Labels are equal if their UTF-8 bytes are.
public struct LabeledTexts: Sendable {
  /// The texts.
  public let texts: [String]
  /// The index of each text's label in ``labelNames``.
  public let labels: [Int]
  /// The distinct labels, in order of first occurrence.
  public let labelNames: [String]

  /// The number of texts.
  public var count: Int { texts.count }

  /// Creates labeled texts.
  public init(texts: [String], labels names: [String]) {
    precondition(texts.count == names.count, "\(texts.count) texts, \(names.count) labels")
    var numbering = LabelNumbering([])
    self.texts = texts
    labels = names.map { numbering.number(of: $0) }
    labelNames = numbering.names
  }

  /// The labels that only one text has. Such a text never has a positive.
  package var labelsOfOneText: [String] {
    var counts = [Int](repeating: 0, count: labelNames.count)
    for label in labels { counts[label] += 1 }
    return labelNames.indices.filter { counts[$0] == 1 }.map { labelNames[$0] }
  }

  /// A warning of labels that only one text has; nil if there are none.
  package var warning: String? {
    let names = labelsOfOneText
    guard !names.isEmpty else { return nil }
    let labels = "\(names.count == 1 ? "the label" : "each of the labels") \(list(names))"
    return "only one text has \(labels): it has no positive until there is another"
  }

  /// A warning if several texts have one label between them; else nil.
  var warningOfOneLabel: String? {
    guard count > 1, labelNames.count == 1 else { return nil }
    return "all \(count) texts to be found have the label \(quoted(labelNames[0])): any vectors have the same scores"
  }

  /// A warning of labels that no reference has; nil if there are none.
  func warning(references: LabeledTexts) -> String? {
    let known = Set(references.labelNames.map(UTF8Key.init))
    let names = labelNames.filter { !known.contains(UTF8Key($0)) }
    guard !names.isEmpty else { return nil }
    let labels = "\(names.count == 1 ? "the label" : "any of the labels") \(list(names))"
    return "no reference has \(labels): these texts have no correct neighbor"
  }

  /// The index of each text's label in `names`. Other labels have higher indices.
  package func labels(numberedAs names: [String]) -> [Int] {
    var numbering = LabelNumbering(names)
    let numbers = labelNames.map { numbering.number(of: $0) }
    return labels.map { numbers[$0] }
  }
}
