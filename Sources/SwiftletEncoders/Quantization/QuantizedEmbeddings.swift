// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// Sentence vectors as small integers, called codes: a byte or a bit for each element instead of four bytes.
///
/// ```swift
/// let vectors = try encoder.encode(["A man is eating food.", "Someone has a meal."])
/// let quantized = QuantizedEmbeddings(vectors, as: .symmetric)
/// for vector in quantized { print(vector.bytes.count, Array(vector.prefix(3)), vector.scale ?? 0) }
/// print(quantized.dequantized().values.prefix(3))
/// ```
///
/// A vector's codes depend on this vector and the scheme alone, and are the same on every CPU. All vectors share one
/// array. Accessing a vector copies nothing.
public struct QuantizedEmbeddings: RandomAccessCollection, Sendable {
  /// The rule that turns numbers into codes. It also decides what NaN and infinities become; nothing traps on them.
  public enum Scheme: Sendable, Equatable {
    /// Int8 codes from -127 to 127 with a scale for each vector: scale = max|x| / 127, code = x / scale, both in
    /// float32, the code rounded to nearest, ties to even.
    ///
    /// A vector of zeros has scale 0. If an element is NaN or infinite, the scale is NaN and the codes are 0, so that no
    /// dequantized value passes for a valid one.
    case symmetric
    /// Int8 codes from -127 to 127 for vectors of unit length: code = 127 x, rounded to nearest, ties to even. The scale
    /// is 1 / 127 for all vectors, so codes need no other number beside them.
    ///
    /// Elements outside of -1 to 1 become -127 or 127. NaN becomes 0.
    case unit
    /// One bit for each element, 1 if it is above 0; the first element is the highest bit of the first byte, and the
    /// last byte is filled up with zeros. Then 128 is subtracted, so that a byte is an Int8: sentence-transformers'
    /// "binary". The bytes are those of ``ubinary`` with the highest bit inverted.
    ///
    /// NaN and zeros of either sign become 0.
    case binary
    /// The bits of ``binary`` without the subtraction: sentence-transformers' "ubinary", NumPy's `packbits(x > 0)`.
    case ubinary
    /// Sentence-transformers' "int8": the codes of ``uint8(_:)`` minus 128.
    ///
    /// NaN becomes 0, as in the reference. There this is not the lowest code but the middle one.
    case int8(Ranges)
    /// Sentence-transformers' "uint8": code = floor((x - minimum) / step), from 0 to 255, in float32; step = (maximum -
    /// minimum) / 255, and 1 if that is 0.
    ///
    /// As in the reference, numbers outside of the range get the code at its end, NaN becomes 0, and rounding may give
    /// the maximum itself code 254.
    case uint8(Ranges)

    /// Whether a byte is an Int8; otherwise it is a UInt8.
    public var isSigned: Bool {
      switch self {
      case .symmetric, .unit, .binary, .int8: true
      case .ubinary, .uint8: false
      }
    }

    /// The number of codes of a vector.
    fileprivate func bytesPerVector(dimension: Int) -> Int {
      self == .binary || self == .ubinary ? (dimension + 7) / 8 : dimension
    }
  }

  /// The rule that the codes were made by.
  public let scheme: Scheme

  /// The number of elements of each vector before quantization.
  public let dimension: Int

  /// The codes, `[count, bytesPerVector]`, row-major. If the scheme is signed, a byte is an Int8's bit pattern.
  public let bytes: [UInt8]

  /// The scale of each vector, whose values are the scale times the codes. Empty for bits and ranges.
  public let scales: [Float]

  /// The number of vectors.
  public let endIndex: Int

  /// The index of the first vector, 0.
  public var startIndex: Int { 0 }

  /// The number of codes of a vector: its dimension, or for bits an eighth of it, rounded up.
  public var bytesPerVector: Int { scheme.bytesPerVector(dimension: dimension) }

  /// Quantizes vectors, `[count, dimension]`. Ranges must have the vectors' dimension.
  public init(_ vectors: Tensor, as scheme: Scheme) {
    precondition(vectors.shape.count == 2, "vectors of shape \(vectors.shape), not [count, dimension]")
    self.scheme = scheme
    (endIndex, dimension) = (vectors.shape[0], vectors.shape[1])
    switch scheme {
    case .int8(let ranges), .uint8(let ranges):
      precondition(ranges.dimension == dimension, "ranges of \(ranges.dimension) elements for vectors of \(dimension)")
    case .symmetric, .unit, .binary, .ubinary: break
    }
    var bytes: [UInt8] = [], scales: [Float] = []
    bytes.reserveCapacity(endIndex * scheme.bytesPerVector(dimension: dimension))
    for index in 0..<endIndex {
      vectors.matrix.row(index).withSpan { scheme.append($0, to: &bytes, scales: &scales) }
    }
    (self.bytes, self.scales) = (bytes, scales)
  }

  /// Quantizes the vectors of texts. Ranges must have the vectors' dimension.
  public init(_ embeddings: Embeddings, as scheme: Scheme) { self.init(embeddings.tensor, as: scheme) }

  /// Quantizes one vector, as an array or ``Embeddings/Vector``. Ranges must have its dimension.
  public init(_ vector: some Collection<Float>, as scheme: Scheme) {
    self.init(Tensor(Array(vector), shape: [1, vector.count]), as: scheme)
  }

  /// The codes of one vector.
  public subscript(index: Int) -> Vector {
    precondition(index >= 0 && index < endIndex, "vector \(index) of \(endIndex)")
    let bytes = bytes[index * bytesPerVector..<(index + 1) * bytesPerVector]
    return Vector(bytes: bytes, scheme: scheme, scale: scales.isEmpty ? nil : scales[index])
  }

  /// The numbers that the codes stand for, `[count, dimension]`: see ``Vector/dequantized()``. Bits stand for none.
  public func dequantized() -> Tensor {
    let tensor = Tensor(uninitialized: [count, dimension])
    for (index, vector) in enumerated() { tensor.matrix.row(index).copy(from: vector.dequantized()) }
    return tensor
  }
}

extension QuantizedEmbeddings {
  /// The codes of one vector. They lie in the array of all vectors.
  public struct Vector: RandomAccessCollection, Sendable {
    /// The codes as they lie in memory. If the scheme is signed, a byte is an Int8's bit pattern.
    public let bytes: ArraySlice<UInt8>

    /// The rule that the codes were made by.
    public let scheme: Scheme

    /// What the codes are multiplied by; nil for bits and ranges.
    public let scale: Float?

    /// The index of the first code, 0.
    public var startIndex: Int { 0 }

    /// The number of codes.
    public var endIndex: Int { bytes.count }

    /// One code as a number: from -128 to 127 if the scheme is signed, otherwise from 0 to 255.
    public subscript(index: Int) -> Int {
      precondition(index >= 0 && index < endIndex, "code \(index) of \(endIndex)")
      let byte = bytes[bytes.startIndex + index]
      return scheme.isSigned ? Int(Int8(bitPattern: byte)) : Int(byte)
    }

    /// The numbers that the codes stand for: scale times code, or with ranges minimum + step times code, where an int8
    /// code counts from -128. Each is rounded to float32 once. Bits stand for none.
    ///
    /// With a scale, a number is about half a scale off at most. With ranges it is the lower end of the code's step, so
    /// that numbers come back too small by half a step on average; the reference has this, too.
    public func dequantized() -> [Float] {
      switch scheme {
      case .symmetric, .unit: return map { (scale ?? 0) * Float($0) }
      case .int8(let ranges): return indices.map { ranges.value(of: self[$0] + 128, at: $0) }
      case .uint8(let ranges): return indices.map { ranges.value(of: self[$0], at: $0) }
      case .binary, .ubinary: preconditionFailure("bits do not keep the size of numbers: none to give back")
      }
    }
  }
}

extension QuantizedEmbeddings.Scheme {
  /// Appends the codes of one vector, and its scale if it has one.
  fileprivate func append(_ vector: Span<Float>, to bytes: inout [UInt8], scales: inout [Float]) {
    switch self {
    case .symmetric:
      let scale = largestMagnitude(vector) / 127
      scales.append(scale)
      // The quotient of a number so small that the scale is rounded to 0 would be infinite.
      for i in vector.indices { bytes.append(scale > 0 ? symmetricCode(vector[i] / scale) : 0) }
    case .unit:
      scales.append(1 / 127)
      for i in vector.indices { bytes.append(symmetricCode(vector[i] * 127)) }
    case .binary, .ubinary:
      for start in stride(from: 0, to: vector.count, by: 8) {
        var byte: UInt8 = isSigned ? 0x80 : 0
        for i in start..<min(start + 8, vector.count) where vector[i] > 0 { byte ^= 0x80 >> UInt8(i - start) }
        bytes.append(byte)
      }
    case .int8(let ranges):
      for i in vector.indices { bytes.append(ranges.code(of: vector[i], at: i).map { $0 ^ 0x80 } ?? 0) }
    case .uint8(let ranges):
      for i in vector.indices { bytes.append(ranges.code(of: vector[i], at: i) ?? 0) }
    }
  }

  /// The largest magnitude; NaN if an element is not finite.
  private func largestMagnitude(_ vector: Span<Float>) -> Float {
    var largest: Float = 0
    for i in vector.indices {
      guard vector[i].isFinite else { return .nan }
      largest = max(largest, vector[i].magnitude)
    }
    return largest
  }

  /// The Int8 nearest to `x`, even at ties, from -127 to 127; 0 for NaN.
  private func symmetricCode(_ x: Float) -> UInt8 {
    x.isNaN ? 0 : UInt8(bitPattern: Int8(max(-127, min(127, x)).rounded(.toNearestOrEven)))
  }
}
