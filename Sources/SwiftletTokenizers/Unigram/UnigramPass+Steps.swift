// SPDX-License-Identifier: Apache-2.0

/// The steps of the normalizer after the replacement of characters.
extension UnigramPass {
  /// Hands a scalar to the first step.
  @inline(__always)
  mutating func feed(_ scalar: UInt32, _ origin: BestPath.Origin) {
    steps.count == 0 ? split(scalar, origin) : feed(scalar, origin, to: 0)
  }

  private mutating func feed(_ scalar: UInt32, _ origin: BestPath.Origin, to index: Int) {
    guard index < steps.count else { return split(scalar, origin) }
    switch steps[index].step {
    case .lowercase:
      let properties = UnicodeTables.shared.properties(of: scalar)
      guard properties.hasLowercase else { return feed(scalar, origin, to: index + 1) }
      for part in UnicodeTables.shared.lowercase(properties) { feed(part, origin, to: index + 1) }
    case .strip(let left, let right):
      if stages.kinds[scalar] & ScalarKinds.whitespace != 0 {
        if left, !steps[index].hasContent { return }
        if right { steps[index].hold(scalar, origin) } else { feed(scalar, origin, to: index + 1) }
      } else {
        steps[index].hasContent = true
        for run in steps[index].takeRuns() {
          for origin in run.places.origins { feed(run.scalar, origin, to: index + 1) }
        }
        feed(scalar, origin, to: index + 1)
      }
    case .spaces(let content):
      if scalar == 0x20 {
        steps[index].addSpace(origin)
      } else {
        endSpaces(index, content)
        feed(scalar, origin, to: index + 1)
      }
    case .replace(let pattern, let content):
      feed(scalar, origin, to: index, pattern, content)
    }
  }

  /// Replaces what is found of a pattern from left to right; of an occurrence the content has the last scalar's origin.
  private mutating func feed(
    _ scalar: UInt32, _ origin: BestPath.Origin, to index: Int, _ pattern: [UInt32], _ content: [UInt32]
  ) {
    steps[index].pending.append((scalar, origin))
    while let first = steps[index].pending.first {
      let pending = steps[index].pending
      if zip(pending, pattern).allSatisfy({ $0.0.scalar == $0.1 }) {
        guard pending.count == pattern.count else { return }
        steps[index].pending.removeAll(keepingCapacity: true)
        for scalar in content { feed(scalar, origin, to: index + 1) }
      } else {
        steps[index].pending.removeFirst()
        feed(first.scalar, first.origin, to: index + 1)
      }
    }
  }

  private mutating func endSpaces(_ index: Int, _ content: [UInt32]) {
    guard let spaces = steps[index].takeSpaces() else { return }
    for scalar in spaces.count == 1 ? [0x20] : content { feed(scalar, spaces.last, to: index + 1) }
  }

  /// Ends the text for all steps, the first one first.
  mutating func finishSteps() {
    for index in 0..<steps.count {
      switch steps[index].step {
      case .lowercase: break
      case .strip: _ = steps[index].takeRuns()
      case .spaces(let content): endSpaces(index, content)
      case .replace:
        let pending = steps[index].pending
        steps[index].pending.removeAll()
        for (scalar, origin) in pending { feed(scalar, origin, to: index + 1) }
      }
    }
  }
}

/// What the steps of a normalizer remember of the scalars before.
struct StepStates: ~Copyable {
  private var states: [StepState]
  /// Whether words that hold no space pass all steps as they are.
  let passesWords: Bool

  init(_ steps: [UnigramNormalization.Step]) {
    states = steps.map { StepState(step: $0) }
    passesWords = steps.allSatisfy {
      switch $0 {
      case .strip, .spaces: true
      case .replace, .lowercase: false
      }
    }
  }

  var count: Int { states.count }

  subscript(index: Int) -> StepState {
    get { states[index] }
    _modify { yield &states[index] }
  }

  /// Whether a step waits for the next scalar before it hands on what it has.
  var isPending: Bool { states.contains { $0.isPending } }

  /// Begins a text.
  mutating func begin() {
    for index in states.indices { states[index].begin() }
  }
}

/// What a step of a normalizer remembers.
struct StepState {
  let step: UnigramNormalization.Step
  /// Whether something other than white space was met.
  var hasContent = false
  /// The start of a pattern.
  var pending: [(scalar: UInt32, origin: BestPath.Origin)] = []
  /// White space that is dropped if the text ends behind it: equal scalars in runs.
  private var runs: [(scalar: UInt32, places: OriginRun)] = []
  private var spaces: (count: Int, last: BestPath.Origin)?

  init(step: UnigramNormalization.Step) { self.step = step }

  /// Forgets the text before, which may have been left in the middle.
  mutating func begin() {
    hasContent = false
    if !pending.isEmpty { pending.removeAll() }
    if !runs.isEmpty { runs.removeAll() }
    spaces = nil
  }

  var isPending: Bool {
    if case .strip(left: true, _) = step, !hasContent { return true }
    return !runs.isEmpty || spaces != nil || !pending.isEmpty
  }

  mutating func hold(_ scalar: UInt32, _ origin: BestPath.Origin) {
    if let last = runs.indices.last, runs[last].scalar == scalar, runs[last].places.append(origin) { return }
    runs.append((scalar, OriginRun(origin)))
  }

  mutating func takeRuns() -> [(scalar: UInt32, places: OriginRun)] {
    guard !runs.isEmpty else { return [] }
    defer { runs.removeAll() }
    return runs
  }

  mutating func addSpace(_ origin: BestPath.Origin) { spaces = ((spaces?.count ?? 0) + 1, origin) }

  mutating func takeSpaces() -> (count: Int, last: BestPath.Origin)? {
    defer { spaces = nil }
    return spaces
  }
}
