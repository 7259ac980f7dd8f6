// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

/// Vectors as integers: the codes of Fixtures/quantization, what is not finite, and misuse.
@Suite struct QuantizationTests {
  typealias Ranges = QuantizedEmbeddings.Ranges

  private let golden: SafetensorsFile

  init() throws { golden = try SafetensorsFile(path: fixture("quantization/expected.safetensors")) }

  @Test(arguments: ["edges", "own", "calibrated", "one"])
  func codesInRangesAreTheReference(name: String) throws {
    let vectors = try tensor("\(name).vectors")
    let ranges = try Ranges(tensor("\(name).ranges"), dimension: vectors.shape[1])
    try expect(QuantizedEmbeddings(vectors, as: .int8(ranges)), equals: "\(name).int8")
    try expect(QuantizedEmbeddings(vectors, as: .uint8(ranges)), equals: "\(name).uint8")
  }

  @Test func rangesOfASampleAreTheReference() throws {
    for name in ["own", "calibrated", "one"] {
      let ranges = try Ranges(calibratedOn: tensor(name == "own" ? "own.vectors" : "\(name).calibration"))
      #expect(try ranges.minimums + ranges.maximums == tensor("\(name).ranges").values)
      #expect(try ranges == Ranges(tensor("\(name).ranges"), dimension: ranges.dimension))
    }
  }

  @Test(arguments: ["edges", "own", "calibrated", "one", "small_and_large", "units"])
  func bitsAreTheReference(name: String) throws {
    let vectors = try tensor("\(name).vectors")
    for (scheme, precision) in [(QuantizedEmbeddings.Scheme.binary, "binary"), (.ubinary, "ubinary")] {
      let bits = QuantizedEmbeddings(vectors, as: scheme)
      #expect(bits.bytesPerVector == (vectors.shape[1] + 7) / 8 && bits.scales.isEmpty)
      #expect(try bits.bytes == elements("\(name).\(precision)"))
    }
  }

  @Test(arguments: ["small_and_large", "units"])
  func codesWithScales(name: String) throws {
    let vectors = try tensor("\(name).vectors")
    let symmetric = QuantizedEmbeddings(vectors, as: .symmetric), unit = QuantizedEmbeddings(vectors, as: .unit)
    try expect(symmetric, equals: "\(name).symmetric")
    #expect(try symmetric.scales == tensor("\(name).symmetric.scales").values)
    try expect(unit, equals: "\(name).unit")
    #expect(unit.scales == Array(repeating: 1 / 127, count: vectors.shape[0]))
  }

  @Test func codesOfOneVector() throws {
    let vector: [Float] = [127, 0.5, 1.5, 2.5, -2.5, -3.5, -0.0, -127, 0.1]
    let symmetric = QuantizedEmbeddings(vector, as: .symmetric)
    #expect(symmetric.count == 1 && symmetric.dimension == 9 && symmetric[0].scale == 1)
    #expect(Array(symmetric[0]) == [127, 0, 2, 2, -2, -4, 0, -127, 0])
    #expect(symmetric[0].dequantized() == [127, 0, 2, 2, -2, -4, 0, -127, 0])
    #expect(Array(QuantizedEmbeddings(vector, as: .ubinary)[0]) == [0b1111_0000, 0b1000_0000])
    #expect(Array(QuantizedEmbeddings(vector, as: .binary)[0]) == [0b0111_0000, 0])
    let ranges = try Ranges(Tensor([0, -255, 255, 0], shape: [2, 2]), dimension: 2)
    #expect(Array(QuantizedEmbeddings([1.9, -256] as [Float], as: .uint8(ranges))[0]) == [1, 0])
    #expect(Array(QuantizedEmbeddings([255, -0.5] as [Float], as: .int8(ranges))[0]) == [127, 126])
    #expect(QuantizedEmbeddings([255, -0.5] as [Float], as: .int8(ranges))[0].dequantized() == [255, -1])
  }

  @Test func whateverHoldsTheVectorsTheCodesAreTheSame() throws {
    let embeddings = try embeddings()
    let ranges = try Ranges(calibratedOn: embeddings.tensor)
    let schemes: [QuantizedEmbeddings.Scheme] = [.symmetric, .unit, .binary, .ubinary, .int8(ranges), .uint8(ranges)]
    for scheme in schemes {
      let all = QuantizedEmbeddings(embeddings, as: scheme)
      #expect(all.count == 3 && all.dimension == 24 && all.scheme == scheme && !all.bytes.isEmpty)
      #expect(QuantizedEmbeddings(embeddings.tensor, as: scheme).bytes == all.bytes)
      #expect(all.flatMap(\.bytes) == all.bytes)
      for (vector, codes) in zip(embeddings, all) {
        let alone = QuantizedEmbeddings(vector, as: scheme)
        #expect(alone.bytes == Array(codes.bytes) && alone[0].elementsEqual(codes) && alone[0].scale == codes.scale)
        #expect(codes.count == all.bytesPerVector && codes.scheme == scheme)
        #expect(codes.map { UInt8(truncatingIfNeeded: $0) } == Array(codes.bytes))
        #expect(codes.allSatisfy { (scheme.isSigned ? -128...127 : 0...255).contains($0) })
      }
      let none = QuantizedEmbeddings(Tensor([], shape: [0, 24]), as: scheme)
      #expect(none.isEmpty && none.bytes.isEmpty && none.scales.isEmpty && none.bytesPerVector == all.bytesPerVector)
    }
    #expect(QuantizedEmbeddings(embeddings, as: .symmetric).dequantized().shape == [3, 24])
  }

  @Test func numbersThatAreNotFinite() {
    let vectors = Tensor([.nan, 1, -1, .infinity, -.infinity, 0.5, 1, -1, 0.5], shape: [3, 3])
    let symmetric = QuantizedEmbeddings(vectors, as: .symmetric)
    #expect(Array(symmetric.joined()) == [0, 0, 0, 0, 0, 0, 127, -127, 64])
    #expect(symmetric.scales.map(\.isNaN) == [true, true, false])
    #expect(symmetric.dequantized().values.map(\.isNaN) == [true, true, true, true, true, true, false, false, false])
    let unit = QuantizedEmbeddings(vectors, as: .unit)
    #expect(Array(unit.joined()) == [0, 127, -127, 127, -127, 64, 127, -127, 64])
    #expect(Array(QuantizedEmbeddings(vectors, as: .ubinary).joined()) == [0b0100_0000, 0b1010_0000, 0b1010_0000])
  }

  @Test func badRangesAreErrors() throws {
    func problem(_ values: [Float], _ shape: [Int]) throws -> QuantizationError {
      try #require(throws: QuantizationError.self) {
        try Ranges(Tensor(values, shape: shape), dimension: 2, path: "ranges.npy")
      }
    }
    for shape in [[4], [1, 4], [4, 1], [2, 2, 1]] {
      #expect(try problem([0, 0, 1, 1], shape).problem == .shape(shape, dimension: 2))
    }
    #expect(try problem([0, 0, 0, 1, 1, 1], [2, 3]).problem == .shape([2, 3], dimension: 2))
    #expect(try problem([0, 0, 0, 1, 1, 1], [3, 2]).problem == .shape([3, 2], dimension: 2))
    #expect(try problem([0, 2, 1, 1], [2, 2]).problem == .range(2, 1, element: 1))
    #expect(try problem([0, -3e38, 1, 3e38], [2, 2]).problem == .range(-3e38, 3e38, element: 1))
    for pair: (Float, Float) in [
      (.nan, 1), (0, .nan), (.nan, .nan), (-.infinity, 1), (0, .infinity), (.infinity, .infinity),
    ] {
      guard case .range(_, _, element: 1) = try problem([0, pair.0, 1, pair.1], [2, 2]).problem else {
        Issue.record("\(pair)")
        continue
      }
    }
    #expect(
      try problem([0, 2, 1, 1], [2, 2]).description
        == "ranges.npy: the range of element 1 is 2.0 to 1.0; "
        + "give finite numbers, the minimum first, whose difference is finite in float32")
    #expect(try Ranges(Tensor([0, 2, 0, 3], shape: [2, 2]), dimension: 2).maximums == [0, 3])
  }

  @Test func badSamplesAreErrors() throws {
    func problem(_ values: [Float], count: Int) throws -> QuantizationError.Problem {
      try #require(throws: QuantizationError.self) {
        try Ranges(calibratedOn: Tensor(values, shape: [count, values.count / max(count, 1)]))
      }.problem
    }
    #expect(try problem([], count: 0) == .tooFewVectors(0))
    #expect(try problem([1, 2], count: 1) == .tooFewVectors(1))
    #expect(try problem([1, 2, 3, 4, .infinity, 6], count: 3) == .notFinite(.infinity, vector: 2, element: 0))
    #expect(try problem([1, -.infinity, 3, 4], count: 2) == .notFinite(-.infinity, vector: 0, element: 1))
    guard case .notFinite(_, vector: 1, element: 1) = try problem([1, 2, 3, .nan], count: 2) else {
      Issue.record("NaN in a sample")
      return
    }
    #expect(try problem([1, -3e38, 3, 3e38], count: 2) == .range(-3e38, 3e38, element: 1))
  }

  @Test func misuseTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = QuantizedEmbeddings([1, 2] as [Float], as: .binary)[0].dequantized()
    }
    await #expect(processExitsWith: .failure) {
      let ranges = try? Ranges(Tensor([0, 0, 1, 1], shape: [2, 2]), dimension: 2)
      if let ranges { _ = QuantizedEmbeddings([1, 2, 3] as [Float], as: .uint8(ranges)) }
    }
    await #expect(processExitsWith: .failure) { _ = QuantizedEmbeddings(Tensor([1, 2], shape: [2]), as: .unit) }
    await #expect(processExitsWith: .failure) { _ = QuantizedEmbeddings([1, 2] as [Float], as: .unit)[1] }
    await #expect(processExitsWith: .failure) { _ = QuantizedEmbeddings([1, 2] as [Float], as: .unit)[0][2] }
  }

  /// Compares codes and dequantized numbers bit by bit.
  private func expect(_ quantized: QuantizedEmbeddings, equals name: String) throws {
    let codes: [UInt8] = try elements(name)
    #expect(quantized.bytes == codes, "\(name)")
    let values = quantized.dequantized(), expected = try tensor("\(name).values")
    #expect(values.shape == expected.shape, "\(name)")
    #expect(values.values.map(\.bitPattern) == expected.values.map(\.bitPattern), "\(name)")
  }

  private func tensor(_ name: String) throws -> Tensor {
    Tensor(try elements(name), shape: try golden.tensor(name).shape)
  }

  private func elements<Element: ExpressibleByIntegerLiteral>(_ name: String) throws -> [Element] {
    try golden.elements(of: golden.tensor(name))
  }

  private func embeddings() throws -> Embeddings {
    try SentenceEncoder(folder: fixture("gelu-mean-normalized/model")).encode(["the cat sat", "12 dogs", ""])
  }
}
