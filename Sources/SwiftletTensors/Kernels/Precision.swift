// SPDX-License-Identifier: Apache-2.0

/// The number format of matrix products with weights. Everything else in a model is computed in float32.
public enum Precision: String, CaseIterable, Sendable {
  /// 32-bit floating-point numbers. Weights that a file has in float16 stay so in memory. Vectors have the same bits on
  /// every CPU.
  case float32

  /// Weights and inputs rounded to the upper half of a float32, those of attention too: nearly twice as fast where the
  /// CPU multiplies such pairs (AVX512-BF16), as fast as float32 elsewhere. Weights take two bytes.
  /// Vectors have the same bits on CPUs of one kind only.
  case bfloat16

  /// Weights and inputs rounded to integers from -127 to 127, with a scale an output and a token, after a Hadamard
  /// transform that spreads outliers: two to three times as fast where the CPU multiplies bytes (AVX512-VNNI, Arm's dot
  /// product). Weights take a byte. Vectors have the same bits on every CPU.
  ///
  /// Ashkboos et al.: QuaRot: outlier-free 4-bit inference in rotated LLMs, NeurIPS 2024.
  case int8
}
