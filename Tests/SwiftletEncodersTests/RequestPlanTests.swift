// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletTokenizers
import Testing

@testable import SwiftletEncoders

/// Which requests a queue takes and in what order it computes them, without computing anything.
@Suite struct RequestPlanTests {
  private let model = ModelIdentity()
  private let limits = RequestQueue.Limits(tokens: 2000, bytes: 1 << 20)

  private func request(_ lengths: [Int], _ model: ModelIdentity? = nil) -> HeldRequest {
    var tokens = TokenBatch()
    for length in lengths { tokens.append(ids: Array(repeating: 1, count: length)) }
    let computation = SharedComputation(
      model: model ?? self.model, givesTokenRows: false, rows: { _, _ in preconditionFailure("not computed here") },
      weights: Weights([], kernels: .best))
    return HeldRequest(
      RequestedWork(
        tokens: tokens, computation: computation, rowLength: 4, form: .scores(areLogits: true), finish: { $0 }))
  }

  /// What the rounds compute until nothing waits: for each round the requests' places in the list and the sequences.
  private func rounds(_ plan: inout RequestPlan, _ requests: [HeldRequest]) -> [[(Int, Range<Int>)]] {
    var rounds: [[(Int, Range<Int>)]] = []
    while plan.roundsToBegin() > 0, let round = plan.nextRound() {
      rounds.append(
        round.parts.map { part in (requests.firstIndex { $0 === part.request } ?? -1, part.sequences) })
      _ = plan.finish(round, seconds: 0)
    }
    return rounds
  }

  @Test func everySequenceIsComputedOnceInOrder() throws {
    var plan = RequestPlan(limits: limits, threadCount: 1)
    let requests = [request(Array(repeating: 7, count: 60)), request([3]), request([300, 1, 1]), request([5, 0, 5])]
    for request in requests { try plan.admit(request) }
    let parts = rounds(&plan, requests).flatMap { $0 }
    for (index, request) in requests.enumerated() {
      #expect(parts.filter { $0.0 == index }.flatMap { Array($0.1) } == Array(0..<request.sequenceCount))
      #expect(request.doneCount == request.sequenceCount)
    }
    #expect(plan.waitingTokens == 0 && plan.runningTokens == 0 && plan.heldBytes == 0)
    #expect(plan.waitingRequests == 0 && plan.roundCount == 0)
  }

  /// However much a request brings, one that comes later is in the next round.
  @Test func aSmallRequestIsInTheNextRound() throws {
    var plan = RequestPlan(limits: limits, threadCount: 1)
    let large = request(Array(repeating: 10, count: 150)), small = request([10])
    try plan.admit(large)
    #expect(plan.roundsToBegin() == 1)
    let round = plan.nextRound(), first = try #require(round)
    try plan.admit(small)
    _ = plan.finish(first, seconds: 0)
    #expect(rounds(&plan, [large, small])[0].contains { $0.0 == 1 })
  }

  /// Requests share a round alike, and a round has no more tokens than a thread computes in its duration.
  @Test func roundsAreSharedAndBounded() throws {
    var plan = RequestPlan(limits: limits, threadCount: 1)
    model.note(tokens: 5000, seconds: 1)
    let requests = (0..<5).map { _ in request(Array(repeating: 4, count: 50)) }
    for request in requests { try plan.admit(request) }
    let rounds = rounds(&plan, requests)
    // 25 ms, less a fifth, at 5,000 tokens a second.
    #expect(rounds.allSatisfy { $0.reduce(0) { $0 + $1.1.count * 4 } <= 100 })
    #expect(rounds.count == 10)
    #expect(rounds.allSatisfy { Set($0.map(\.0)).count == 5 })
  }

  @Test func aLongSequenceIsARoundOfItsOwn() throws {
    var plan = RequestPlan(limits: limits, threadCount: 1)
    model.note(tokens: 2000, seconds: 1)
    let requests = [request([500]), request([500]), request([1])]
    for request in requests { try plan.admit(request) }
    #expect(rounds(&plan, requests).map { $0.map(\.0) } == [[0], [1], [2]])
  }

  /// Sequences of two models, or of two kinds, are not mixed, and take turns.
  @Test func modelsTakeTurns() throws {
    var plan = RequestPlan(limits: limits, threadCount: 1)
    let other = ModelIdentity()
    let requests = [request([60, 60, 60]), request([60, 60], other)]
    for request in requests { try plan.admit(request) }
    #expect(rounds(&plan, requests).map { $0.map(\.0) } == [[0], [1], [0], [1], [0]])
  }

  @Test func whatWaitsIsSharedAmongThreads() throws {
    var plan = RequestPlan(limits: limits, threadCount: 4)
    model.note(tokens: 100_000, seconds: 1)
    try plan.admit(request([20]))
    #expect(plan.roundsToBegin() == 1)
    try plan.admit(request(Array(repeating: 20, count: 40)))
    #expect(plan.roundsToBegin() == 3)
    let round = plan.nextRound()
    #expect(round?.isAlone == false)
  }

  @Test func theOnlyRoundIsAlone() throws {
    var plan = RequestPlan(limits: limits, threadCount: 4)
    try plan.admit(request([20]))
    #expect(plan.roundsToBegin() == 1)
    let round = plan.nextRound(), none = plan.nextRound()
    #expect(round?.isAlone == true)
    // A thread that finds nothing ends its round.
    #expect(none == nil)
    #expect(plan.roundCount == 0)
  }

  @Test func limitsAreKept() throws {
    var plan = RequestPlan(limits: RequestQueue.Limits(tokens: 100, bytes: 4000), threadCount: 1)
    #expect(throws: RequestQueueError.tooLarge(tokens: 101, bytes: request([101]).byteCount)) {
      try plan.admit(request([101]))
    }
    let first = request([60])
    try plan.admit(first)
    #expect(throws: RequestQueueError.full(estimatedWait: .seconds(1))) { try plan.admit(request([41])) }
    try plan.admit(request([40]))
    plan.drop(first)
    try plan.admit(request([60]))
    try plan.hold(bytes: 2000)
    #expect(throws: RequestQueueError.full(estimatedWait: .seconds(1))) { try plan.hold(bytes: 2000) }
    #expect(throws: RequestQueueError.tooLarge(tokens: 0, bytes: 4001)) { try plan.hold(bytes: 4001) }
    plan.release(bytes: 2000)
    try plan.hold(bytes: 2000)
  }

  /// What is dropped is not begun any more, and counts for nothing.
  @Test func droppedRequests() throws {
    var plan = RequestPlan(limits: limits, threadCount: 1)
    let requests = (0..<3).map { _ in request(Array(repeating: 30, count: 4)) }
    for request in requests { try plan.admit(request) }
    #expect(plan.roundsToBegin() == 1)
    let next = plan.nextRound(), round = try #require(next)
    for request in requests { plan.drop(request) }
    plan.drop(requests[0])
    #expect(plan.waitingTokens == 0 && plan.waitingRequests == 0 && plan.heldBytes == 0)
    #expect(plan.finish(round, seconds: 0).isEmpty)
    #expect(plan.roundsToBegin() == 0 && plan.runningTokens == 0)
    let last = request([1])
    try plan.admit(last)
    #expect(rounds(&plan, [last]).map { $0.map(\.0) } == [[0]])
  }

  @Test func theWaitIsEstimated() throws {
    var plan = RequestPlan(limits: limits, threadCount: 2)
    try plan.admit(request([50, 50]))
    #expect(plan.roundsToBegin() == 2)
    let next = plan.nextRound(), round = try #require(next)
    _ = plan.finish(round, seconds: 0.5)
    try plan.admit(request([150]))
    // 50 tokens in half a second on each of two threads, and 200 tokens wait.
    #expect(abs(plan.estimatedWait.seconds - 1) < 1e-9)
  }

  @Test func limitsAreAboveZero() async {
    await #expect(processExitsWith: .failure) { _ = RequestQueue.Limits(tokens: 0) }
    await #expect(processExitsWith: .failure) { _ = RequestQueue.Limits(bytes: 0) }
    await #expect(processExitsWith: .failure) { _ = RequestQueue.Limits(roundDuration: .zero) }
  }
}
