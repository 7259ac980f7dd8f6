// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

/// Vectors in files that NumPy wrote, and in what is no such file.
@Suite struct VectorReaderTests {
  private static let vectors = (0..<5).map { row in (0..<3).map { Float(3 * row + $0) / 7 - 1 } }

  private func read(_ path: String, _ format: VectorReader.Format) throws -> [[Float]] {
    var reader = try VectorReader(path: path, format: format), vectors: [[Float]] = []
    while let vector = try reader.next() { vectors.append(vector) }
    #expect(reader.position == reader.count && reader.count == vectors.count)
    return vectors
  }

  @Test(arguments: ["plain.npy", "version-2.npy", "plain.fvecs"]) func vectorsAreTheReference(name: String) throws {
    let format: VectorReader.Format = name.hasSuffix("npy") ? .npy : .fvecs
    #expect(try read(fixture("vectors/\(name)"), format) == Self.vectors)
  }

  @Test func anArrayWithoutRowsHasNoVectors() throws {
    #expect(try read(fixture("vectors/empty.npy"), .npy) == [])
  }

  @Test func theHeaderIsWhatNumPyReads() throws {
    // NumPy pads to a multiple of 64 bytes, and here that is 128.
    let header = NumpyHeader(type: "<f4", shape: [5, 3]).bytes
    #expect(header.count == NumpyHeader.byteCount)
    #expect(try Data(contentsOf: URL(fileURLWithPath: fixture("vectors/plain.npy"))).prefix(128) == Data(header))
  }

  @Test(arguments: [
    ("columns.npy", "holds an array [5, 3] of type \"<f4\", column-major"),
    ("double.npy", "holds an array [5, 3] of type \"<f8\""),
    ("one-axis.npy", "holds an array [3] of type \"<f4\""), ("plain.fvecs", "is no npy file"),
  ])
  func otherArraysAreErrors(name: String, reason: String) {
    #expect {
      try read(fixture("vectors/\(name)"), .npy)
    } throws: { ($0 as? any SwiftletError)?.reason == reason }
  }

  @Test(arguments: [VectorReader.Format.npy, .fvecs]) func damageIsAnError(format: VectorReader.Format) throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: fixture("vectors/plain.\(format.rawValue)")))
    for count in whole.indices where format == .npy || count % 16 != 0 {
      let path = try folder.write(whole.prefix(count), to: "cut")
      #expect(throws: (any Error).self, "\(count) bytes") { try read(path, format) }
    }
    var random = SplitMix64(seed: 1)
    for place in whole.indices {
      var bytes = whole
      bytes[place] ^= UInt8.random(in: 1...255, using: &random)
      let path = try folder.write(bytes, to: "changed")
      if case .failure(let error) = Result(catching: { try read(path, format) }) { #expect(error is any SwiftletError) }
    }
  }
}
