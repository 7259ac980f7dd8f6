// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTraining
import Testing

@Suite struct RandomStreamTests {
  /// The authors' known answers (Random123, kat_vectors).
  @Test func philoxGivesTheAuthorsNumbers() {
    let all = UInt32.max
    #expect(Philox(key: [0, 0]).block([0, 0, 0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    #expect(
      Philox(key: [all, all]).block([all, all, all, all]) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      Philox(key: [0xa409_3822, 0x299f_31d0]).block([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344])
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func positionIsTheWholeState() {
    var stream = RandomStream(seed: 7, purpose: .sampling)
    for _ in 0..<5 { _ = stream.next(below: 1000) }
    var resumed = RandomStream(seed: 7, purpose: .sampling, position: stream.position)
    for _ in 0..<20 { #expect(resumed.next() == stream.next()) }
  }

  @Test func boundedNumbersAreEven() {
    var stream = RandomStream(seed: 1, purpose: .sampling), counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { counts[stream.next(below: 7)] += 1 }
    // Six standard deviations of a binomial of 7000 and 1/7.
    #expect(counts.allSatisfy { abs($0 - 1000) < 6 * 30 })
  }

  @Test func shuffleReachesEveryOrder() {
    var stream = RandomStream(seed: 3, purpose: .sampling), orders: Set<[Int]> = []
    for _ in 0..<200 {
      var elements = [0, 1, 2]
      stream.shuffle(&elements)
      orders.insert(elements)
    }
    #expect(orders.count == 6)
  }
}
