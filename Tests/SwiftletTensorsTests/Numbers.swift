// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import TestSupport

/// Seeded numbers in -1 ..< 1 with a few zeros of both signs, at an address that is only a multiple of 4 bytes.
func oddlyAligned<Result>(
  _ count: Int, seed: UInt64, _ body: (UnsafeMutablePointer<Float>) -> Result
) -> Result {
  var generator = SplitMix64(seed: seed)
  let memory = UnsafeMutablePointer<Float>.allocate(capacity: count + 1)
  defer { memory.deallocate() }
  for index in 0...count {
    let draw = Int.random(in: 0..<50, using: &generator)
    memory[index] = draw == 0 ? 0 : draw == 1 ? -0.0 : Float.random(in: -1..<1, using: &generator)
  }
  return body(memory + 1)
}

func numbers(_ count: Int, seed: UInt64, in range: ClosedRange<Float> = -1...1) -> [Float] {
  var generator = SplitMix64(seed: seed)
  return (0..<count).map { _ in Float.random(in: range, using: &generator) }
}

/// The bits of each number: what two paths must share.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// The canonical sum along a row: 16 lanes, then the fixed tree.
func laneSum(_ count: Int, _ add: (_ index: Int, _ lane: Float) -> Float) -> Float {
  var lanes = [Float](repeating: 0, count: 16)
  for index in 0..<count { lanes[index % 16] = add(index, lanes[index % 16]) }
  var width = 8
  while width >= 1 {
    for lane in 0..<width { lanes[lane] += lanes[lane + width] }
    width /= 2
  }
  return lanes[0]
}

let paths = Kernels.available
