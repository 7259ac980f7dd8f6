// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletWeights
import TestSupport
import Testing

struct SafetensorsWriterTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private typealias Tensor = SafetensorsWriter.Tensor

  /// Writes tensors whose bytes are 0, 1, 2, … in each.
  private func write(_ tensors: [Tensor], metadata: [String: String] = [:]) throws -> [UInt8] {
    let path = folder.path("out.safetensors")
    try SafetensorsWriter.write(tensors, metadata: metadata, to: path) { tensor, append in
      try counting(tensor.byteCount).withUnsafeBytes { bytes in
        let half = bytes.count / 2
        try append(UnsafeRawBufferPointer(rebasing: bytes[..<half]).bytes)
        try append(UnsafeRawBufferPointer(rebasing: bytes[half...]).bytes)
      }
    }
    return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func counting(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

  /// The golden's bytes are from safetensors.numpy.save_file, by Scripts/make_safetensors_golden.py.
  @Test func filesAreThoseOfTheReference() throws {
    let tensors = [
      Tensor(name: "b.weight", dtype: .f32, shape: [2, 3]), Tensor(name: "a", dtype: .f32, shape: []),
      Tensor(name: "é", dtype: .f32, shape: [0, 5]), Tensor(name: "half", dtype: .f16, shape: [3]),
      Tensor(name: "ids", dtype: .i64, shape: [1]), Tensor(name: "A", dtype: .u16, shape: [2]),
      Tensor(name: "line\n\"\u{8}\u{1}", dtype: .u8, shape: [3]),
    ]
    let golden = try [UInt8](Data(contentsOf: URL(fileURLWithPath: fixture("reference.safetensors"))))
    #expect(try write(tensors, metadata: ["format": "pt"]) == golden)
    #expect(try write(tensors.reversed(), metadata: ["format": "pt"]) == golden)
  }

  @Test func referenceFilesAreRead() throws {
    let file = try SafetensorsFile(path: fixture("reference.safetensors"))
    #expect(file.metadata == ["format": "pt"])
    #expect(file.tensors.map(\.name) == ["ids", "a", "b.weight", "é", "half", "A", "line\n\"\u{8}\u{1}"])
    let tensor = try #require(file["b.weight"])
    #expect(tensor.dtype == .f32 && tensor.shape == [2, 3])
    #expect(try bytes(of: tensor, in: file) == counting(24))
  }

  @Test func whatIsWrittenReadsBack() throws {
    var generator = SplitMix64(seed: 2)
    let types: [DType] = [.f64, .f32, .f16, .bf16, .u8, .i64]
    for _ in 0..<20 {
      let tensors = (0..<Int.random(in: 0..<9, using: &generator)).map { i in
        let rank = Int.random(in: 0..<4, using: &generator)
        let shape = (0..<rank).map { _ in Int.random(in: 0..<5, using: &generator) }
        return Tensor(name: "tensor \"\(i)\"\n", dtype: types.randomElement(using: &generator)!, shape: shape)
      }
      _ = try write(tensors)
      let file = try SafetensorsFile(path: folder.path("out.safetensors"))
      #expect(file.tensors.count == tensors.count)
      for tensor in tensors {
        let read = try #require(file[tensor.name])
        #expect(read.shape == tensor.shape && read.dtype == tensor.dtype)
        #expect(read.byteRange.lowerBound % (read.dtype.bitWidth / 8) == 0)
        #expect(try bytes(of: read, in: file) == counting(tensor.byteCount))
      }
    }
  }

  @Test func row37SavingOverTheFileThatIsOpen() throws {
    let tensor = Tensor(name: "w", dtype: .u8, shape: [4])
    _ = try write([tensor])
    let path = folder.path("out.safetensors")
    let file = try SafetensorsFile(path: path)
    try SafetensorsWriter.write([tensor], to: path) { _, append in
      let values = try bytes(of: #require(file["w"]), in: file).map { $0 + 10 }
      try values.withUnsafeBytes { try append($0.bytes) }
    }
    let saved = try SafetensorsFile(path: path)
    #expect(try bytes(of: #require(saved["w"]), in: saved) == [10, 11, 12, 13])
  }

  @Test func aFailureLeavesTheOldFile() throws {
    struct Failure: Error {}
    let old = try write([Tensor(name: "w", dtype: .u8, shape: [4])])
    let path = folder.path("out.safetensors")
    #expect(throws: Failure.self) {
      let tensor = Tensor(name: "w", dtype: .u8, shape: [9])
      try SafetensorsWriter.write([tensor], to: path) { _, _ in throw Failure() }
    }
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == old)
    #expect(try folder.names() == ["out.safetensors"])
  }
}
