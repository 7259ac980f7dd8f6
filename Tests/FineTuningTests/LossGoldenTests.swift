// SPDX-License-Identifier: Apache-2.0

import Autodiff
import Checkpoint
import FineTuning
import TensorCore
import TestSupport
import Testing

/// Values and gradients of the losses against PyTorch's in float64, and their bits.
@Suite struct LossGoldenTests {
  static let batches = ["2x3", "2x128", "7x3", "7x128", "64x3", "64x128"].flatMap { [$0, $0 + "-normalized"] }

  static let names = LossName.allCases.filter { $0.rawValue.contains("triplet") }

  @Test(arguments: batches, names) func valuesAndGradients(batch: String, name: LossName) throws {
    let golden = try LossGolden(batch)
    for distance in Distance.allCases {
      let evaluation = try golden.evaluate(name, distance, .best, threads: 2)
      let expected = try golden.values("\(name.rawValue).\(distance.rawValue).value")[0]
      let place = "\(name.rawValue) \(distance.rawValue): "
      #expect(abs(Double(evaluation.value) - expected) <= 1e-5 * abs(expected) + 1e-6, "\(place)\(evaluation.value)")
      for (column, gradient) in zip(golden.columns(of: name), evaluation.gradients) {
        let expected = try golden.values("\(name.rawValue).\(distance.rawValue).\(column)")
        let error = length(zip(golden.kept(gradient), expected).map { Double($0) - $1 })
        // Some are 0 but for rounding.
        #expect(error <= 1e-4 * length(expected) + 1e-6, "\(place)\(column) is off by \(error) of \(length(expected))")
      }
    }
  }

  @Test(arguments: names) func threadsAndPathsChangeNoBit(name: LossName) throws {
    for batch in ["7x3", "64x128"] {
      let golden = try LossGolden(batch)
      for distance in Distance.allCases {
        let first = try golden.evaluate(name, distance, .best, threads: 1)
        for kernels in Kernels.available {
          for threads in 1...5 {
            let other = try golden.evaluate(name, distance, kernels, threads: threads)
            #expect(other.value == first.value && other.statistics == first.statistics)
            for (gradient, expected) in zip(other.gradients, first.gradients) {
              #expect(gradient.values.map(\.bitPattern) == expected.values.map(\.bitPattern))
            }
          }
        }
      }
    }
  }

  private func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

/// A batch that Scripts/make_loss_goldens.py made, and what PyTorch says of it.
private struct LossGolden {
  private let file: SafetensorsFile
  private let isNormalized: Bool

  init(_ name: String) throws {
    file = try SafetensorsFile(path: fixture("losses/\(name).safetensors"))
    isNormalized = name.hasSuffix("-normalized")
  }

  func evaluate(
    _ name: LossName, _ distance: Distance, _ kernels: Kernels, threads: Int
  ) throws -> LossEvaluation {
    let loss = try name.loss(distance: distance, unitVectors: isNormalized)
    let vectors = try tensor("vectors"), labels = try read("labels", as: Int64.self).map { Int($0) }
    let positives = try tensor("positives"), negatives = try tensor("negatives")
    nonisolated(unsafe) var result: LossEvaluation?
    ThreadPool(threadCount: threads).run(count: 1) { _, worker in
      worker.withTeam { worker in
        switch loss {
        case .labeled(let loss):
          result = LossEvaluation(at: [vectors], kernels: kernels, worker: worker) {
            loss($1[0], labels: labels, in: $0)
          }
        case .triplets(let loss):
          result = LossEvaluation(at: [vectors, positives, negatives], kernels: kernels, worker: worker) {
            loss(anchors: $1[0], positives: $1[1], negatives: $1[2], in: $0)
          }
        case .pairs, .ranking, .classification: break
        }
      }
    }
    return try #require(result)
  }

  func columns(of name: LossName) -> [String] {
    name == .triplet || name == .hardestOfKTriplet ? ["anchors", "positives", "negatives"] : ["vectors"]
  }

  /// The rows of a gradient that the golden keeps.
  func kept(_ gradient: Tensor) -> [Float] {
    let rows = gradient.shape[0], columns = gradient.shape[1], values = gradient.values
    return stride(from: 0, to: rows, by: rows >= 64 ? 4 : 1).flatMap { values[$0 * columns..<($0 + 1) * columns] }
  }

  func values(_ name: String) throws -> [Double] {
    name.hasSuffix("value") ? try read(name, as: Double.self) : try read(name, as: Float.self).map(Double.init)
  }

  private func tensor(_ name: String) throws -> Tensor {
    Tensor(try read(name, as: Float.self), shape: try #require(file[name]).shape)
  }

  private func read<Number: Numeric>(_ name: String, as: Number.Type) throws -> [Number] {
    let tensor = try #require(file[name])
    var numbers = [Number](repeating: 0, count: tensor.elementCount)
    try numbers.withUnsafeMutableBytes { try file.read(tensor, into: $0) }
    return numbers
  }
}
