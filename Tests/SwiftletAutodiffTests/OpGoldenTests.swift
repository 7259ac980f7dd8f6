// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

/// The encoder's ops and their gradients against PyTorch's in float64: Scripts/make_op_goldens.py.
@Suite struct OpGoldenTests {
  /// Far below the 1e-4 that training needs.
  private static let tolerance = 1e-6

  private let file: SafetensorsFile

  init() throws { file = try SafetensorsFile(path: fixture("ops.safetensors")) }

  private func tensor(_ name: String) throws -> Tensor {
    let info = try #require(file[name])
    var numbers = [Float](repeating: 0, count: info.elementCount)
    try numbers.withUnsafeMutableBytes {
      var bytes = $0.mutableBytes
      try file.read(info, into: &bytes)
    }
    return Tensor(numbers, shape: info.shape)
  }

  private func exact(_ name: String) throws -> [Double] {
    let info = try #require(file[name])
    var numbers = [Double](repeating: 0, count: info.elementCount)
    try numbers.withUnsafeMutableBytes {
      var bytes = $0.mutableBytes
      try file.read(info, into: &bytes)
    }
    return numbers
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
      let distance = relativeDistance(bits.map(Float.init(bitPattern:)), try exact("\(name).\(golden)"))
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
}
