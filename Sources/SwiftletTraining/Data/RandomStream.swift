// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// A sequence of random numbers that is determined by seed and purpose. Its position is the whole state.
package struct RandomStream: Sendable {
  /// The use of the numbers. Each purpose has its own sequence.
  package enum Purpose: UInt32, Sendable {
    case sampling = 1
    case dropout = 2
    case initialization = 3
    case mining = 4
    case classifier = 5
  }

  /// The number of words drawn so far.
  package private(set) var position: UInt64

  private let generator: Philox

  /// - Parameter position: the number of words drawn before.
  package init(seed: UInt64, purpose: Purpose, position: UInt64 = 0) {
    generator = RandomStream.generator(seed: seed, purpose: purpose)
    self.position = position
  }

  /// The random numbers of one batch of a run.
  package init(seed: UInt64, purpose: Purpose, batch number: Int) {
    let number = UInt64(number)
    generator = RandomStream.generator(seed: seed, purpose: purpose)
      .split([UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32), 0, 0])
    position = 0
  }

  /// The generator of the numbers of a purpose.
  package static func generator(seed: UInt64, purpose: Purpose) -> Philox {
    Philox(seed: seed).split([purpose.rawValue, 0, 0, 0])
  }

  /// The next word.
  package mutating func next() -> UInt32 {
    defer { position += 1 }
    let block = position / 4
    let words = generator.block([UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), 0, 0])
    return words[Int(position % 4)]
  }

  /// A uniform number from -1 to below 1, a multiple of 2^-23.
  package mutating func nextSigned() -> Float { Float(next() >> 8) / Float(1 << 23) - 1 }

  /// A uniform integer from 0 to below `bound`.
  ///
  /// Lemire: Fast random integer generation in an interval, ACM TOMACS 29(1), 2019.
  package mutating func next(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max), "no number below \(bound)")
    let bound = UInt32(bound), threshold = (0 &- bound) % bound
    while true {
      let (high, low) = next().multipliedFullWidth(by: bound)
      if low >= threshold { return Int(high) }
    }
  }

  /// Shuffles the elements; all orders are equally likely (Fisher and Yates).
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(last, next(below: last + 1)) }
  }
}
