// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels

/// Kernels that treat each number by itself, and the sum of products.
extension Kernels {
  /// The sum of x[i] y[i], in the canonical order of rows.
  package func dot(_ x: VectorView, _ y: VectorView) -> Float {
    precondition(x.count == y.count, "\(x.count) numbers times \(y.count)")
    return unsafe table.pointee.dot(x.count, x.pointer, y.pointer)
  }

  /// y = function(x); x and y may be the same.
  package func map(_ x: VectorView, _ function: Activation, into y: VectorView) {
    precondition(x.count == y.count, "\(x.count) numbers into \(y.count)")
    unsafe table.pointee.map(x.count, function.kernel, x.pointer, y.pointer)
  }

  /// out = gradient * function'(x); out may be x or gradient. The derivative of relu at 0 is 0.
  package func mapGradient(_ x: VectorView, _ function: Activation, gradient: VectorView, into out: VectorView) {
    precondition(
      x.count == out.count && gradient.count == out.count, "\(x.count) and \(gradient.count) numbers into \(out.count)")
    unsafe table.pointee.map_gradient(x.count, function.kernel, x.pointer, gradient.pointer, out.pointer)
  }

  /// y = exp(x); x and y may be the same.
  package func exponential(_ x: VectorView, into y: VectorView) {
    precondition(x.count == y.count, "\(x.count) numbers into \(y.count)")
    unsafe table.pointee.exponential(x.count, x.pointer, y.pointer)
  }

  /// y = log(x); x and y may be the same.
  package func logarithm(_ x: VectorView, into y: VectorView) {
    precondition(x.count == y.count, "\(x.count) numbers into \(y.count)")
    unsafe table.pointee.logarithm(x.count, x.pointer, y.pointer)
  }

  /// y += x.
  package func add(_ x: VectorView, to y: VectorView) {
    precondition(x.count == y.count, "\(x.count) numbers to \(y.count)")
    unsafe table.pointee.add(x.count, x.pointer, y.pointer)
  }

  /// x *= factor.
  package func scale(_ x: VectorView, by factor: Float) { unsafe table.pointee.scale(x.count, factor, x.pointer) }

  /// x /= divisor.
  package func divide(_ x: VectorView, by divisor: Float) { unsafe table.pointee.divide(x.count, divisor, x.pointer) }

  /// y = scale x where a random word is at least `threshold`, else 0; x and y may be the same.
  ///
  /// - Parameters:
  ///   - x, y: the numbers of a row consecutive.
  ///   - key: of the random stream, Philox 4x32-10.
  ///   - counter: the upper three words of its counter for the first row. The first of them rises by one a row.
  package func dropout(
    _ x: MatrixView, key: SIMD2<UInt32>, counter: (UInt32, UInt32, UInt32), threshold: UInt32, scale: Float,
    into y: MatrixView
  ) {
    precondition(
      x.rows == y.rows && x.columns == y.columns, "\(x.rows) x \(x.columns) numbers into \(y.rows) x \(y.columns)")
    precondition(x.columnStride == 1 && y.columnStride == 1, "the numbers of a row are not consecutive")
    var counter = counter
    unsafe withUnsafeBytes(of: key) { key in
      for row in 0..<x.rows {
        unsafe withUnsafeBytes(of: counter) { counter in
          unsafe table.pointee.dropout(
            x.columns, key.assumingMemoryBound(to: UInt32.self).baseAddress,
            counter.assumingMemoryBound(to: UInt32.self).baseAddress, threshold, scale, x.pointer + row * x.rowStride,
            y.pointer + row * y.rowStride)
        }
        counter.0 &+= 1
      }
    }
  }

  /// A step of AdamW on weights and their moments; a missing gradient is all zeros.
  package func adamw(
    _ step: AdamWFactors, gradient: VectorView?, weights: VectorView, first: VectorView, second: VectorView
  ) {
    let count = weights.count
    precondition(
      first.count == count && second.count == count && gradient?.count ?? count == count,
      "\(gradient?.count ?? count) gradients and \(first.count) and \(second.count) moments of \(count) weights")
    var factors = swlt_adamw(
      gradient_factor: step.gradientFactor, weight_factor: step.weightFactor, first_share: step.firstShare,
      second_keep: step.secondKeep, second_share: step.secondShare, root_correction: step.rootCorrection,
      epsilon: step.epsilon, step_size: step.stepSize)
    unsafe table.pointee.adamw(
      count, &factors, gradient?.pointer, weights.pointer, first.pointer, second.pointer)
  }
}

/// What one step of AdamW multiplies and adds: the same for every number of a parameter.
package struct AdamWFactors: Sendable {
  /// What clips the gradient.
  package var gradientFactor: Float
  /// 1 - learning rate * weight decay
  package var weightFactor: Float
  /// 1 - beta1
  package var firstShare: Float
  /// beta2
  package var secondKeep: Float
  /// 1 - beta2
  package var secondShare: Float
  /// sqrt(1 - beta2^t)
  package var rootCorrection: Float
  package var epsilon: Float
  /// learning rate / (1 - beta1^t)
  package var stepSize: Float

  package init(
    gradientFactor: Float, weightFactor: Float, firstShare: Float, secondKeep: Float, secondShare: Float,
    rootCorrection: Float, epsilon: Float, stepSize: Float
  ) {
    self.gradientFactor = gradientFactor
    self.weightFactor = weightFactor
    self.firstShare = firstShare
    self.secondKeep = secondKeep
    self.secondShare = secondShare
    self.rootCorrection = rootCorrection
    self.epsilon = epsilon
    self.stepSize = stepSize
  }
}
