// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTokenizers

/// The requests that a queue holds, and which of their sequences are computed next.
///
/// Computing goes in rounds. A round takes sequences of requests that can be computed as one batch, from each request in
/// turn, so that a large request does not hold up a small one. It takes no more tokens than a thread computes in the
/// round's duration, as far as sequences can be divided. Every operation takes time in proportion to what it moves.
struct RequestPlan {
  /// Sequences that a request contributes to a round.
  struct Part {
    let request: HeldRequest
    let sequences: Range<Int>
    let tokenCount: Int
  }

  /// What a thread computes next.
  struct Round {
    let parts: [Part]
    let tokenCount: Int
    /// Whether no other round is under way or waits: then idle threads can help.
    let isAlone: Bool

    var computation: SharedComputation { parts[0].request.work.computation }
  }

  /// The requests that can be computed together and wait.
  private final class Line {
    var requests = Deque<HeldRequest>()
    var requestCount = 0
    var tokenCount = 0
  }

  private struct LineKey: Hashable {
    let model: ModelIdentity
    let givesTokenRows: Bool

    init(_ computation: SharedComputation) {
      model = computation.model
      givesTokenRows = computation.givesTokenRows
    }
  }

  private let limits: RequestQueue.Limits
  private let threadCount: Int

  private var lines: [LineKey: Line] = [:]
  /// The lines in the order of their turns.
  private var turns = Deque<LineKey>()

  /// Sequences and tokens that no round has begun.
  private var waitingSequences = 0
  private(set) var waitingTokens = 0
  private(set) var waitingRequests = 0
  /// Tokens of rounds that are computed now.
  private(set) var runningTokens = 0
  /// The bytes of requests, and of texts that are to become requests.
  private(set) var heldBytes = 0
  /// Rounds under way, with those that a thread has yet to begin.
  private(set) var roundCount = 0
  /// What all threads computed in a second lately.
  private(set) var tokensPerSecond: Double?

  init(limits: RequestQueue.Limits, threadCount: Int) {
    self.limits = limits
    self.threadCount = threadCount
  }

  // MARK: Admission

  /// Takes a request in.
  mutating func admit(_ request: HeldRequest) throws(RequestQueueError) {
    let tokens = request.work.tokens.ids.count
    guard tokens <= limits.tokens, request.byteCount <= limits.bytes else {
      throw .tooLarge(tokens: tokens, bytes: request.byteCount)
    }
    guard waitingTokens + runningTokens + tokens <= limits.tokens else { throw .full(estimatedWait: estimatedWait) }
    try hold(bytes: request.byteCount)
    let key = LineKey(request.work.computation)
    let line: Line
    if let known = lines[key] {
      line = known
    } else {
      line = Line()
      lines[key] = line
      turns.append(key)
    }
    line.requests.append(request)
    line.requestCount += 1
    line.tokenCount += tokens
    waitingRequests += 1
    waitingSequences += request.sequenceCount
    waitingTokens += tokens
    request.isHeld = true
  }

  /// Counts bytes as held until ``release(bytes:)``.
  mutating func hold(bytes: Int) throws(RequestQueueError) {
    guard bytes <= limits.bytes else { throw .tooLarge(tokens: 0, bytes: bytes) }
    guard heldBytes + bytes <= limits.bytes else { throw .full(estimatedWait: estimatedWait) }
    heldBytes += bytes
  }

  mutating func release(bytes: Int) { heldBytes -= bytes }

  /// How long the tokens here will take.
  var estimatedWait: Duration {
    guard let tokensPerSecond, tokensPerSecond > 0 else { return .seconds(1) }
    return .seconds(Double(waitingTokens + runningTokens) / tokensPerSecond)
  }

  /// Gives up a request that is not complete: its sequences that no round has begun are left out.
  mutating func drop(_ request: HeldRequest) {
    request.isDropped = true
    guard request.isHeld else { return }
    request.isHeld = false
    heldBytes -= request.byteCount
    guard request.next < request.sequenceCount else { return }
    let tokens = request.tokenCount(of: request.next..<request.sequenceCount)
    waitingRequests -= 1
    waitingSequences -= request.sequenceCount - request.next
    waitingTokens -= tokens
    guard let line = lines[LineKey(request.work.computation)] else { return }
    line.requestCount -= 1
    line.tokenCount -= tokens
    // It stays among the line's requests, which are passed over if they are dropped.
    if line.requestCount == 0 { line.requests = Deque() }
  }

  // MARK: Rounds

  /// The number of rounds to begin now, which count as under way from here on.
  mutating func roundsToBegin() -> Int {
    let least = TokenBatch.leastPieceSize
    let wanted = min(threadCount, max(min(waitingSequences, 1), (waitingTokens + least - 1) / least)) - roundCount
    guard wanted > 0 else { return 0 }
    roundCount += wanted
    return wanted
  }

  /// What a thread that began a round is to compute; nil if nothing waits any more, which ends the round.
  mutating func nextRound() -> Round? {
    while let key = turns.popFirst() {
      guard let line = lines[key] else { continue }
      let parts = takeParts(from: line, budget: budget(line, key.model))
      if line.requestCount > 0 { turns.append(key) } else { lines[key] = nil }
      guard !parts.isEmpty else { continue }
      let tokens = parts.reduce(0) { $0 + $1.tokenCount }
      waitingTokens -= tokens
      runningTokens += tokens
      waitingSequences -= parts.reduce(0) { $0 + $1.sequences.count }
      return Round(parts: parts, tokenCount: tokens, isAlone: roundCount == 1 && waitingSequences == 0)
    }
    roundCount -= 1
    return nil
  }

  /// The number of tokens of a round: what waits is shared among the threads, but in pieces that use a thread well and
  /// take no longer than a round should.
  private func budget(_ line: Line, _ model: ModelIdentity) -> Int {
    let share = max(TokenBatch.leastPieceSize, (line.tokenCount + threadCount - 1) / threadCount)
    // A fifth of the duration is left for what varies.
    let seconds = 0.8 * limits.roundDuration.seconds
    let inTime = model.tokensPerSecond.map { Int($0 * seconds) } ?? TokenBatch.leastPieceSize
    // On a processor that is too slow for more, a round is longer, so that it still computes more than it moves.
    return min(share, max(16, inTime), TokenBatch.largestPieceSize)
  }

  private mutating func takeParts(from line: Line, budget: Int) -> [Part] {
    var parts: [Part] = [], taken = 0
    let fairShare = max(1, budget / max(1, line.requestCount))
    while taken < budget, let request = line.requests.popFirst() {
      if request.isDropped { continue }
      let first = request.next
      var end = first, tokens = 0
      while end < request.sequenceCount {
        let length = request.tokenCount(of: end..<end + 1)
        // A sequence is not divided, even if it is larger than the budget or the share.
        if taken + tokens > 0 && taken + tokens + length > budget || tokens > 0 && tokens + length > fairShare { break }
        tokens += length
        end += 1
      }
      guard end > first else {
        line.requests.prepend(request)
        break
      }
      parts.append(Part(request: request, sequences: first..<end, tokenCount: tokens))
      taken += tokens
      line.tokenCount -= tokens
      request.next = end
      if end < request.sequenceCount {
        line.requests.append(request)
      } else {
        line.requestCount -= 1
        waitingRequests -= 1
      }
    }
    return parts
  }

  /// Notes that a round is done.
  ///
  /// - Returns: the requests that are complete by that.
  mutating func finish(_ round: Round, seconds: Double) -> [HeldRequest] {
    roundCount -= 1
    runningTokens -= round.tokenCount
    if seconds > 0 {
      let threads = round.isAlone ? 1 : Double(threadCount), rate = Double(round.tokenCount) / seconds * threads
      tokensPerSecond = tokensPerSecond.map { 0.9 * $0 + 0.1 * rate } ?? rate
      // The rate of a thread, not of a team.
      if !round.isAlone || threadCount == 1 {
        round.computation.model.note(tokens: round.tokenCount, seconds: seconds)
      }
    }
    var complete: [HeldRequest] = []
    for part in round.parts {
      let request = part.request
      request.doneCount += part.sequences.count
      guard request.doneCount == request.sequenceCount, request.isHeld else { continue }
      request.isHeld = false
      heldBytes -= request.byteCount
      complete.append(request)
    }
    return complete
  }
}
