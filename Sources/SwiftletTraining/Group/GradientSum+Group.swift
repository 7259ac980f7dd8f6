// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

extension GradientSum {
  /// Adds the sums of all processes, so that each has the whole.
  func add(over group: some TrainingGroup) throws {
    if group.count == 1 { return }
    let lists = try group.gather(rows.map { $0.map(String.init).joined(separator: " ") }.joined(separator: "\n"))
    var all = rows.map { _ in Set<Int32>() }
    for list in lists {
      for (table, rows) in list.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        all[table].formUnion(rows.split(separator: " ").compactMap { Int32($0) })
      }
    }
    arrange(all.map { $0.sorted() })
    try forEachPart { try group.sum(&$0) }
  }
}
