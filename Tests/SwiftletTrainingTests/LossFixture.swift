// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletTraining
import SwiftletWeights
import TestSupport
import Testing

/// A batch that Scripts/make_loss_goldens.py made, with PyTorch's losses and gradients for it.
struct LossFixture {
  private let file: SafetensorsFile
  let isNormalized: Bool

  init(_ name: String) throws {
    file = try SafetensorsFile(path: fixture("losses/\(name).safetensors"))
    isNormalized = name.hasSuffix("-normalized")
  }

  func tensor(_ name: String) throws -> Tensor {
    Tensor(try read(name, as: Float.self), shape: try #require(file[name]).shape)
  }

  func read<Number: Numeric>(_ name: String, as: Number.Type) throws -> [Number] {
    try file.elements(of: file.tensor(name))
  }

  /// The loss of some vectors, computed on a number of threads.
  static func evaluate(
    at inputs: [Tensor], _ kernels: Kernels, threads: Int, _ loss: @escaping ([Variable]) -> LossValue
  ) throws -> LossEvaluation {
    nonisolated(unsafe) var result: LossEvaluation?
    ThreadPool(threadCount: threads).run(count: 1) { _, worker in
      worker.withTeam { worker in
        result = LossEvaluation(at: inputs, in: Context(kernels: kernels, worker: worker, tape: Tape()), loss)
      }
    }
    return try #require(result)
  }

  /// Compares a loss and its gradients with the file's: LOSS.value, and for each gradient LOSS.COLUMN.
  func expect(_ evaluation: LossEvaluation, of loss: String, columns: [String]) throws {
    let expected = try read("\(loss).value", as: Double.self)[0]
    #expect(abs(Double(evaluation.value) - expected) <= 1e-5 * abs(expected) + 1e-6, "\(loss): \(evaluation.value)")
    // Some losses have fewer inputs.
    let columns = columns.filter { file["\(loss).\($0)"] != nil }
    #expect(evaluation.gradients.count == columns.count, "\(loss)")
    for (column, gradient) in zip(columns, evaluation.gradients) {
      let expected = try read("\(loss).\(column)", as: Float.self).map(Double.init)
      let kept = kept(gradient)
      try #require(kept.count == expected.count, "\(loss): \(column)")
      let error = length(zip(kept, expected).map { Double($0) - $1 })
      // Some gradients are 0 except for rounding.
      #expect(error <= 1e-4 * length(expected) + 1e-6, "\(loss): \(column) is off by \(error) of \(length(expected))")
    }
  }

  /// Checks that a loss and its gradients have the same bits on every path of the CPU and on 1 to 5 threads.
  static func expectSameBits(_ evaluate: (Kernels, _ threads: Int) throws -> LossEvaluation) throws {
    let first = try evaluate(.best, 1)
    for kernels in Kernels.available {
      for threads in 1...5 {
        let other = try evaluate(kernels, threads)
        #expect(other.value == first.value && other.statistics == first.statistics)
        for (gradient, expected) in zip(other.gradients, first.gradients) {
          #expect(gradient.values.map(\.bitPattern) == expected.values.map(\.bitPattern))
        }
      }
    }
  }

  /// The rows of a gradient that the file keeps.
  private func kept(_ gradient: Tensor) -> [Float] {
    let rows = gradient.shape[0], columns = gradient.shape[1], values = gradient.values
    return stride(from: 0, to: rows, by: rows >= 64 ? 4 : 1).flatMap { values[$0 * columns..<($0 + 1) * columns] }
  }

  private func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
