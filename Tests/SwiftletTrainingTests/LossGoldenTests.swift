// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletTraining
import Testing

/// Values and gradients of the losses of triplets against PyTorch's in float64, and their bits.
@Suite struct LossGoldenTests {
  static let batches = ["2x3", "2x128", "7x3", "7x128", "64x3", "64x128"].flatMap { [$0, $0 + "-normalized"] }

  static let names = LossChoice.all.map { $0.name }.filter { $0.hasSuffix("triplet") }

  @Test(arguments: batches, names) func valuesAndGradients(batch: String, name: String) throws {
    let fixture = try LossFixture(batch)
    for distance in Distance.allCases {
      try fixture.expect(
        fixture.evaluate(name, distance, .best, threads: 2), of: "\(name).\(distance.rawValue)",
        columns: ["triplet", "hardest-of-k-triplet"].contains(name)
          ? ["anchors", "positives", "negatives"] : ["vectors"])
    }
  }

  @Test(arguments: names) func threadsAndPathsChangeNoBit(name: String) throws {
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
    _ name: String, _ distance: Distance, _ kernels: Kernels, threads: Int
  ) throws -> LossEvaluation {
    let vectors = try tensor("vectors"), labels = try read("labels", as: Int64.self).map { Int($0) }
    let parameters = LossChoice.Parameters(distance: distance, hasUnitVectors: isNormalized)
    switch try LossChoice.loss(named: name).init(parameters) as any Loss {
    case let loss as any Loss<LabeledBatch>:
      return try LossFixture.evaluate(at: [vectors], kernels, threads: threads) {
        loss(LabeledBatch(vectors: $0[0], labels: labels))
      }
    case let loss as any Loss<TripletBatch>:
      let inputs = [vectors, try tensor("positives"), try tensor("negatives")]
      return try LossFixture.evaluate(at: inputs, kernels, threads: threads) {
        loss(TripletBatch(anchors: $0[0], positives: $0[1], negatives: $0[2]))
      }
    default: preconditionFailure("\(name) takes no triplets")
    }
  }
}
