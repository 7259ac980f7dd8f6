// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

/// The ops and their gradients against PyTorch's in float64: Scripts/make_op_goldens.py.
@Suite struct OpGoldenTests {
  /// Far below the 1e-4 that training needs.
  private static let tolerance = 1e-6

  private let file: SafetensorsFile

  init() throws { file = try SafetensorsFile(path: fixture("ops.safetensors")) }

  private func tensor(_ name: String) throws -> Tensor {
    let info = try file.tensor(name)
    return Tensor(try file.elements(of: info), shape: info.shape)
  }

  /// Runs a computation on the tensors of a case and compares its result and all gradients.
  private func check(
    _ name: String, inputs: [String] = ["x"], _ scope: ParameterScope = ParameterScope(),
    _ computation: @escaping (Context, [Variable]) -> Variable
  ) throws {
    var checker = GradientChecker(try inputs.map { try tensor("\(name).\($0)") }, computation: computation)
    checker.parameters = scope.list
    checker.values = try scope.list.parameters.map { try tensor("\(name).\($0.name)").values }
    checker.weights = try tensor("\(name).weights").values
    let outcome = checker.expectSameBits()
    func compare(_ bits: [UInt32], _ golden: String) throws {
      let distance = relativeDistance(bits.map(Float.init(bitPattern:)), try file.numbers("\(name).\(golden)"))
      #expect(distance <= OpGoldenTests.tolerance, "\(name).\(golden) is off by \(distance)")
    }
    try compare(outcome.result, "result")
    for (input, gradient) in zip(inputs, outcome.inputs) { try compare(gradient, "gradient.\(input)") }
    for parameter in scope.list.parameters {
      try compare(outcome.parameters[parameter.index], "gradient.\(parameter.name)")
    }
  }

  @Test(arguments: [Activation.identity, .gelu, .geluTanh, .relu, .silu, .tanh, .softplus])
  func linear(activation: Activation) throws {
    let scope = ParameterScope()
    let layer = scope.linear("query", "key", inputs: 9, outputs: 7)
    try check("linear.\(activation)", scope) { $0.linear($1[0], layer, activation: activation) }
  }

  @Test func attention() throws {
    try check("attention") { $0.attention($1[0], sequenceStarts: [0, 1, 3, 20, 90], headCount: 2) }
  }

  @Test func layerNorm() throws {
    let scope = ParameterScope()
    let norm = scope.layerNorm("LayerNorm", features: 37, epsilon: 1e-12)
    try check("layerNorm", scope) { $0.layerNorm($1[0], norm) }
    try check("layerNorm.residual", inputs: ["x", "residual"], scope) { $0.layerNorm($1[0], residual: $1[1], norm) }
  }

  @Test func embedding() throws {
    let scope = ParameterScope()
    let words = scope.table("words", rows: 7, columns: 9), types = scope.table("types", rows: 2, columns: 9)
    let positions = scope.table("positions", rows: 4, columns: 9)
    try check("embedding", inputs: [], scope) { context, _ in
      context.embedding(
        (words, [6, 0, 3, 3, 6, 6, 1]), (types, [0, 0, 1, 1, 0, 0, 0]), (positions, [0, 1, 2, 0, 1, 2, 0]))
    }
  }

  @Test(arguments: [Reduction.first, .last, .max, .mean, .meanSqrtLength, .weightedMean])
  func pooling(reduction: Reduction) throws {
    try check("pooling.\(reduction)") { $0.pooled($1[0], over: [0..<1, 1..<5, 5..<23], [reduction]) }
  }

  @Test func normalization() throws {
    try check("normalization") { _, inputs in inputs[0].normalized() }
  }

  // MARK: What losses are written with

  /// A formula of a case's inputs.
  struct Formula: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let inputs: [String]
    let value: @Sendable ([Variable]) -> Variable

    init(_ name: String, inputs: [String] = ["x"], _ value: @escaping @Sendable ([Variable]) -> Variable) {
      testDescription = name
      self.inputs = inputs
      self.value = value
    }
  }

  static let formulas = [
    Formula("exponential") { ($0[0] * 3).exponential() },
    Formula("logarithm") { $0[0].logarithm() },
    Formula("squareRoot") { $0[0].squareRoot() },
    Formula("absoluteValue") { $0[0].absoluteValue() },
    Formula("quotient", inputs: ["x", "y"]) { $0[0] / $0[1] + 3 / $0[1] - $0[0] / 7 },
    Formula("wholePower") { $0[0].power(5) + $0[0].power(-2) },
    Formula("power") { $0[0].power(2.5) + $0[0].power(-1.5) },
    Formula("pointwiseMax", inputs: ["x", "y"]) { pointwiseMax($0[0], $0[1]) },
    Formula("pointwiseMin", inputs: ["x", "y"]) { pointwiseMin($0[0], $0[1]) },
    Formula("broadcasting", inputs: ["x", "y", "z"]) { ($0[0] - $0[1]) * $0[2] },
    Formula("sum") { $0[0].sum(axis: 1) },
    Formula("mean") { $0[0] - $0[0].mean(axis: 0, keepsAxis: true) },
    Formula("max") { $0[0].max(axis: 1) },
    Formula("min") { $0[0].min(axis: 2) },
    Formula("masked") { $0[0].masked(where: { $0 == $1 }, fill: -.infinity).rowLogSumExps() },
    Formula("dotProducts", inputs: ["x", "y"]) { $0[0].dotProducts(with: $0[1]) },
    Formula("matrixProduct", inputs: ["x", "y"]) { $0[0].matrixProduct($0[1]) },
    Formula("transposed") { $0[0].transposed().matrixProduct($0[0]) },
    Formula("concatenated", inputs: ["x", "y"]) { $0[0].concatenated(with: $0[1]).rows([0, 6, 6, 2]) },
  ]

  @Test(arguments: formulas) func formula(_ formula: Formula) throws {
    try check("formula.\(formula.testDescription)", inputs: formula.inputs) { formula.value($1) }
  }
}
