// SPDX-License-Identifier: Apache-2.0

/// Where replaced scalars come from, as the reference tells it (`tokenizers`, NormalizedString).
///
/// A replacement takes the origins of the scalars it replaces, one each. If it is longer, its further scalars share the last
/// origin. If it is shorter, its last scalar takes the origins left over. If it is empty, the scalar before it takes them;
/// without one, every later scalar has the origin of an earlier one.
struct Alignment {
  /// The origins of scalars that were read and that no scalar handed on has taken.
  private var waiting = OriginQueue()
  /// The origin taken last.
  private var last = BestPath.Origin(start: 0, end: 0)
  /// The scalar handed on last: how many origins it takes is known when the next one comes. A `change` above 0 takes none,
  /// one below takes more than its own.
  private var held: (scalar: UInt32, change: Int)?

  /// A scalar that was read.
  mutating func enter(_ origin: BestPath.Origin) { waiting.append(origin) }

  /// The scalar held takes in `count` origins more.
  mutating func remove(_ count: Int) { held?.change -= count }

  /// Holds a scalar, and returns the one that was held.
  mutating func hold(_ scalar: UInt32, change: Int) -> (scalar: UInt32, origin: BestPath.Origin)? {
    let before = take()
    held = (scalar, change)
    return before
  }

  /// Ends a text, and returns the scalar that was held.
  mutating func end() -> (scalar: UInt32, origin: BestPath.Origin)? {
    let before = take()
    held = nil
    waiting = OriginQueue()
    return before
  }

  private mutating func take() -> (scalar: UInt32, origin: BestPath.Origin)? {
    guard let held else { return nil }
    guard held.change <= 0, let taken = waiting.take(1 - held.change) else { return (held.scalar, last) }
    last = taken.last
    return (held.scalar, taken.first)
  }
}

/// Origins of equal length that follow each other in the text: many of them take no more memory than one.
struct OriginRun {
  private var first: BestPath.Origin
  private(set) var count = 1

  init(_ first: BestPath.Origin) { self.first = first }

  private var width: UInt32 { first.end &- first.start }

  func origin(_ index: Int) -> BestPath.Origin {
    let start = first.start &+ width &* UInt32(truncatingIfNeeded: index)
    return BestPath.Origin(start: start, end: start &+ width)
  }

  var origins: some Sequence<BestPath.Origin> { (0..<count).lazy.map { [self] in origin($0) } }

  /// Appends an origin if it is the run's next one, and tells whether it was.
  mutating func append(_ next: BestPath.Origin) -> Bool {
    let expected = origin(count)
    guard next.start == expected.start, next.end == expected.end else { return false }
    count += 1
    return true
  }

  /// Drops the first `dropped` origins, fewer than there are.
  mutating func removeFirst(_ dropped: Int) {
    first = origin(dropped)
    count -= dropped
  }
}

/// Origins in the order in which they came.
private struct OriginQueue {
  private var runs: ContiguousArray<OriginRun> = []
  /// The runs before this one have been taken.
  private var head = 0

  mutating func append(_ origin: BestPath.Origin) {
    if head < runs.count, runs[runs.count - 1].append(origin) { return }
    runs.append(OriginRun(origin))
  }

  /// Takes `count` origins, or as many as there are, and returns the first and the last of them; nil if there is none.
  mutating func take(_ count: Int) -> (first: BestPath.Origin, last: BestPath.Origin)? {
    guard head < runs.count else { return nil }
    let first = runs[head].origin(0)
    var (last, left) = (first, count)
    while left > 0, head < runs.count {
      let taken = min(left, runs[head].count)
      last = runs[head].origin(taken - 1)
      left -= taken
      if taken == runs[head].count {
        head += 1
      } else {
        runs[head].removeFirst(taken)
      }
    }
    if head == runs.count {
      runs.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 1 << 10, head > runs.count / 2 {
      runs.removeFirst(head)
      head = 0
    }
    return (first, last)
  }
}
