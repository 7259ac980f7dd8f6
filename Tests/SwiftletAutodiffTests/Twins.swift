// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletTensors

// The encoder's ops in double, by their definitions, over flat arrays in row-major order.

/// activation(x W^T + b) of x `[rows, inputs]` and W `[outputs, inputs]`, where b has `outputs` numbers.
func twinLinear(_ x: [Double], _ weight: [Double], _ bias: [Double], _ activation: Activation = .identity) -> [Double] {
  let outputs = bias.count, inputs = weight.count / outputs
  var y: [Double] = []
  for row in 0..<x.count / inputs {
    for output in 0..<outputs {
      var sum = bias[output]
      for input in 0..<inputs { sum += x[row * inputs + input] * weight[output * inputs + input] }
      y.append(twin(activation, sum))
    }
  }
  return y
}

func twin(_ activation: Activation, _ x: Double) -> Double {
  switch activation {
  case .identity: x
  case .gelu, .gelu8Bit: x * (1 + erf(x / 2.0.squareRoot())) / 2
  case .geluTanh: x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) / 2
  case .relu: max(x, 0)
  case .silu: x / (1 + exp(-x))
  case .tanh: tanh(x)
  case .softplus: max(x, 0) + log1p(exp(-abs(x)))
  case .sigmoid: 1 / (1 + exp(-x))
  }
}

/// gamma (z - mean) / √(variance + epsilon) + beta along each row of z, as long as gamma.
func twinLayerNorm(_ z: [Double], _ gamma: [Double], _ beta: [Double], epsilon: Float) -> [Double] {
  let n = gamma.count
  return stride(from: 0, to: z.count, by: n).flatMap { start in
    let row = z[start..<start + n]
    let mean = row.reduce(0, +) / Double(n)
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
    return zip(row, zip(gamma, beta)).map { ($0 - mean) / (variance + Double(epsilon)).squareRoot() * $1.0 + $1.1 }
  }
}

/// softmax(Q K^T / √d) V of each head within each sequence.
///
/// - Parameters:
///   - bias: what is added to a score, from text, position of the query, head and position of the key.
///   - factor: the factor of a weight, from the same.
func twinAttention(
  _ projections: [Double], sequenceStarts: [Int], headCount: Int, hidden: Int,
  bias: (Int, Int, Int, Int) -> Double = { _, _, _, _ in 0 },
  factor: (Int, Int, Int, Int) -> Double = { _, _, _, _ in 1 }
) -> [Double] {
  let size = hidden / headCount
  var y = [Double](repeating: 0, count: projections.count / 3)
  for text in 0..<sequenceStarts.count - 1 {
    let start = sequenceStarts[text], length = sequenceStarts[text + 1] - start
    for head in 0..<headCount {
      let queries = start * 3 * hidden + head * size, keys = queries + hidden, values = keys + hidden
      for i in 0..<length {
        var scores = [Double](repeating: 0, count: length), sum = 0.0
        for j in 0..<length {
          var score = 0.0
          for d in 0..<size {
            score += projections[queries + i * 3 * hidden + d] * projections[keys + j * 3 * hidden + d]
          }
          scores[j] = exp(score / Double(size).squareRoot() + bias(text, i, head, j))
          sum += scores[j]
        }
        for j in 0..<length {
          let weight = scores[j] / sum * factor(text, i, head, j)
          for d in 0..<size {
            y[(start + i) * hidden + head * size + d] += weight * projections[values + j * 3 * hidden + d]
          }
        }
      }
    }
  }
  return y
}

/// The factors by which dropout multiplies elements, from the definition of its random numbers: word w of the block of
/// `Philox` at the counter (b, position, text, head) belongs to element 64 (b / 16) + 16 w + b mod 16.
struct TwinDropout {
  let generator: Philox
  let probability: Double

  init(_ run: Philox, batch: UInt32, op: UInt32, probability: Double) {
    generator = run.split([batch, 0, 0, 0]).split([op, 1, 0, 0])
    self.probability = probability
  }

  /// - Parameter text: by its place in the batch.
  func factor(text: Int, position: Int, head: Int = 0, element: Int) -> Double {
    let block = element / 64 * 16 + element % 16, word = element % 64 / 16
    let words = generator.block([UInt32(block), UInt32(position), UInt32(text), UInt32(head)])
    return Double(words[word]) < (probability * 0x1p32).rounded(.down) ? 0 : 1 / (1 - probability)
  }
}
