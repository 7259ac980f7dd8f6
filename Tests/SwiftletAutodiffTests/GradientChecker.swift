// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

/// Checks the gradients of ``Context/backward(from:_:into:at:)`` against central differences of a naive twin in double,
/// and their bits on several threads and every path of the CPU against one thread.
struct GradientChecker {
  /// The model that the computation reads, and the numbers of each of its parameters, by their index.
  var parameters = ParameterScope().list
  var values: [[Float]] = []
  var frozen: Set<Int> = []
  var dropout: DropoutMasks?

  /// The variables of the computation, and the computation.
  let inputs: [Tensor]
  let computation: (Context, [Variable]) -> Variable

  /// The factors of the result's elements in the sum that is differentiated; nil: ``weights(count:)``.
  var weights: [Float]?

  /// A result, and the gradients of that sum.
  struct Outcome: Equatable {
    var result: [UInt32] = []
    var inputs: [[UInt32]] = []
    /// By parameter; a table has zeros for the rows without a gradient.
    var parameters: [[UInt32]] = []
  }

  init(_ inputs: Tensor..., computation: @escaping (Context, [Variable]) -> Variable) {
    self.init(inputs, computation: computation)
  }

  init(_ inputs: [Tensor], computation: @escaping (Context, [Variable]) -> Variable) {
    self.inputs = inputs
    self.computation = computation
  }

  /// Seeded weights of a result's elements.
  static func weights(count: Int) -> [Float] {
    var generator = SplitMix64(seed: 77)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  /// Checks the result and the gradients of all inputs and parameters: ‖g - twin's g‖ <= tolerance ‖twin's g‖.
  ///
  /// - Parameters:
  ///   - coordinates: the maximum number of a tensor's numbers, evenly spread, for which differences are taken.
  ///   - twin: the result from the inputs and the parameters.
  func expect(
    tolerance: Double = 1e-5, coordinates limit: Int = 250, sourceLocation: SourceLocation = #_sourceLocation,
    twin: ([[Double]], [[Double]]) -> [Double]
  ) {
    let outcome = expectSameBits(sourceLocation: sourceLocation)
    let inputs = inputs.map { $0.values.map(Double.init) }, parameters = values.map { $0.map(Double.init) }
    let exact = twin(inputs, parameters)
    let distance = relativeDistance(outcome.result.map(Float.init(bitPattern:)), exact)
    #expect(distance <= tolerance, "the result is off by \(distance)", sourceLocation: sourceLocation)
    let weights = GradientChecker.weights(count: exact.count).map(Double.init)
    func sum(_ result: [Double]) -> Double { zip(result, weights).reduce(0) { $0 + $1.0 * $1.1 } }

    func compare(
      _ name: String, _ gradient: [UInt32], at point: [Double], _ function: ([Double]) -> [Double]
    ) {
      let spread = stride(from: 0, to: point.count, by: (point.count + limit - 1) / limit | 1)
      let differences = centralDifferences(of: { sum(function($0)) }, at: point, along: Array(spread))
      let distance = relativeDistance(spread.map { Float(bitPattern: gradient[$0]) }, differences)
      #expect(distance <= tolerance, "the gradient of \(name) is off by \(distance)", sourceLocation: sourceLocation)
    }
    for index in inputs.indices {
      compare("input \(index)", outcome.inputs[index], at: inputs[index]) { moved in
        var inputs = inputs
        inputs[index] = moved
        return twin(inputs, parameters)
      }
    }
    for parameter in self.parameters.parameters where !frozen.contains(parameter.index) {
      compare(parameter.name, outcome.parameters[parameter.index], at: parameters[parameter.index]) { moved in
        var parameters = parameters
        parameters[parameter.index] = moved
        return twin(inputs, parameters)
      }
    }
  }

  /// Returns the outcome. Checks that its bits are the same on 1, 3 and 5 threads and on every path of the CPU.
  @discardableResult
  func expectSameBits(sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
    let first = run(on: .best, threads: 1)
    for kernels in Kernels.available {
      for threads in [1, 3, 5] {
        let isSame = run(on: kernels, threads: threads) == first
        #expect(isSame, "\(kernels.path), \(threads) threads", sourceLocation: sourceLocation)
      }
    }
    return first
  }

  func run(on kernels: Kernels, threads: Int) -> Outcome {
    let trainable = TrainableWeights(parameters, values: values, kernels: kernels)
    let gradients = Gradients(trainable.layout, frozen: frozen)
    nonisolated(unsafe) var outcome = Outcome()
    ThreadPool(threadCount: threads).run(count: 1) { _, worker in
      worker.withTeam { worker in
        let context = Context(weights: trainable.forModel(worker), worker: worker, tape: Tape(), dropout: dropout)
        let variables = inputs.map(context.input)
        let y = computation(context, variables)
        let gradient = Tensor(weights ?? GradientChecker.weights(count: y.tensor.count), shape: y.tensor.shape)
        let ofInputs = context.backward(from: y, gradient, into: gradients, at: variables)
        outcome = Outcome(result: bits(y.tensor.values), inputs: ofInputs.map { bits($0.values) })
      }
    }
    outcome.parameters = parameters.parameters.map { bits(gradients.values(of: $0)) }
    return outcome
  }
}

extension TrainableWeights {
  /// Weights of given numbers, an array a parameter, by its index.
  convenience init(_ parameters: ParameterList, values: [[Float]], kernels: Kernels) {
    let layout = ParameterLayout(parameters)
    let dense = TensorBuffer(count: layout.count)
    var tables: [Int: EmbeddingTable] = [:]
    for parameter in parameters.parameters {
      let numbers = values[parameter.index]
      if parameters.tables.contains(parameter) {
        tables[parameter.index] = EmbeddingTable(
          StoredTable(float32: Tensor(numbers, shape: parameter.shape).matrix))
      } else {
        VectorView(dense, layout[parameter]).copy(from: numbers)
      }
    }
    self.init(layout, dense: dense, tables: tables, kernels: kernels)
  }

  static func random(_ parameters: ParameterList, kernels: Kernels) -> TrainableWeights {
    let values = parameters.parameters.map { randomNumbers($0.count, UInt64($0.index)) }
    return TrainableWeights(parameters, values: values, kernels: kernels)
  }
}

/// The bits of each number.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// A tensor of seeded numbers in -1 ... 1.
func randomTensor(_ shape: Int..., seed: UInt64) -> Tensor {
  Tensor(randomNumbers(shape.reduce(1, *), seed), shape: shape)
}

/// Seeded numbers in -1 ... 1.
func randomNumbers(_ count: Int, _ seed: UInt64) -> [Float] {
  var generator = SplitMix64(seed: seed)
  return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
}
