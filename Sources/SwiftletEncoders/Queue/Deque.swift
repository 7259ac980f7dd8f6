// SPDX-License-Identifier: Apache-2.0

/// A line of elements that are appended at the end and taken at the front, in constant time each on average.
struct Deque<Element> {
  private var elements: [Element?] = []
  private var start = 0

  mutating func append(_ element: Element) { elements.append(element) }

  /// Puts an element back that was taken last.
  mutating func prepend(_ element: Element) {
    precondition(start > 0, "an element that was taken goes back")
    start -= 1
    elements[start] = element
  }

  mutating func popFirst() -> Element? {
    guard start < elements.count else { return nil }
    // The taken places go once they are half of the memory.
    if start > 32, start * 2 > elements.count {
      elements.removeFirst(start - 1)
      start = 1
    }
    defer {
      elements[start] = nil
      start += 1
    }
    return elements[start]
  }
}
