// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletTraining
import Testing

/// Values and gradients of the losses of triplets against PyTorch's in float64, and their bits.
@Suite struct LossGoldenTests {
  static let batches = ["2x3", "2x128", "7x3", "7x128", "64x3", "64x128"].flatMap { [$0, $0 + "-normalized"] }

  static let names = LossName.allCases.filter { $0.rawValue.hasSuffix("triplet") }

  @Test(arguments: batches, names) func valuesAndGradients(batch: String, name: LossName) throws {
    let fixture = try LossFixture(batch)
    for distance in Distance.allCases {
      try fixture.expect(
        fixture.evaluate(name, distance, .best, threads: 2), of: "\(name.rawValue).\(distance.rawValue)",
        columns: [.triplet, .hardestOfKTriplet].contains(name) ? ["anchors", "positives", "negatives"] : ["vectors"])
    }
  }

  @Test(arguments: names) func threadsAndPathsChangeNoBit(name: LossName) throws {
    for batch in ["7x3", "64x128"] {
      let fixture = try LossFixture(batch)
      for distance in Distance.allCases {
        try LossFixture.expectSameBits { try fixture.evaluate(name, distance, $0, threads: $1) }
      }
    }
  }
}

extension LossFixture {
  fileprivate func evaluate(
    _ name: LossName, _ distance: Distance, _ kernels: Kernels, threads: Int
  ) throws -> LossEvaluation {
    let vectors = try tensor("vectors"), labels = try read("labels", as: Int64.self).map { Int($0) }
    switch try name.loss(distance: distance, unitVectors: isNormalized) {
    case .labeled(let loss):
      return try LossFixture.evaluate(at: [vectors], kernels, threads: threads) {
        loss($1[0], labels: labels, in: $0)
      }
    case .triplets(let loss):
      let inputs = [vectors, try tensor("positives"), try tensor("negatives")]
      return try LossFixture.evaluate(at: inputs, kernels, threads: threads) {
        loss(anchors: $1[0], positives: $1[1], negatives: $1[2], in: $0)
      }
    case .pairs, .ranking, .classification: preconditionFailure("\(name.rawValue) takes no triplets")
    }
  }
}
