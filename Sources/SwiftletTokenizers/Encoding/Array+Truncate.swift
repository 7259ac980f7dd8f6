// SPDX-License-Identifier: Apache-2.0

extension Array {
  /// Removes what comes after the first `count` elements.
  mutating func truncate(to count: Int) {
    if count < self.count { removeLast(self.count - count) }
  }
}
