// SPDX-License-Identifier: Apache-2.0

/// The number format of matrix products with weights. Everything else in a model is computed in float32.
public enum Precision: String, CaseIterable, Sendable {
  /// 32-bit floating-point numbers. Weights that a file has in float16 stay so in memory. Vectors have the same bits on
  /// every CPU.
  case float32

  /// Weights and inputs, those of attention too, are rounded to the upper half of a float32. Nearly twice as fast on a
  /// CPU that multiplies such numbers (AVX512-BF16), as fast as float32 on others. Weights take two bytes. Vectors have
  /// the same bits on CPUs of one kind only.
  case bfloat16

  /// Weights and inputs are rounded to integers from -127 to 127, with a scale for each output and token, after a
  /// Hadamard transform that spreads outliers. Two to three times as fast on a CPU that multiplies bytes (AVX512-VNNI,
  /// Arm's dot product). Weights take a byte. Vectors have the same bits on every CPU.
  ///
  /// Ashkboos et al.: QuaRot: outlier-free 4-bit inference in rotated LLMs, NeurIPS 2024.
  case int8
}
