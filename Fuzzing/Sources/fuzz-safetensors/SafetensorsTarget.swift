// SPDX-License-Identifier: Apache-2.0

import FuzzSupport
import SwiftletWeights

nonisolated(unsafe) private let folder = ScratchFolder()

/// Opens the input as the weights of a model folder. The result must be an error, or tensors that cover their files and can
/// be read.
///
/// The input is a letter, then model.safetensors, model.safetensors.index.json and the shards a and b, as `sections`
/// cuts them. After `h`, the safetensors files lack the 8 bytes of the header's length, which are added here; a header
/// then ends at the first NUL. So a mutated header always has the right length.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start, count > 0 else { return 0 }
  let addsLength = start[0] == UInt8(ascii: "h")
  let files = sections(of: UnsafeBufferPointer(start: start + 1, count: count - 1), count: 4)
  let names = ["model.safetensors", "model.safetensors.index.json", "a", "b"]
  for (name, content) in zip(names, files) {
    let isIndex = name.hasSuffix(".json")
    folder.write(addsLength && !isIndex ? content.map(withLength) : content.map { Array($0) }, to: name)
  }
  allowingErrors {
    let tensors = try ModelTensors(folder: folder.path)
    for tensor in tensors.tensors {
      expect(tensors[tensor.name]?.byteRange == tensor.byteRange, "\(tensor.name) by its name")
      let elements = tensor.shape.reduce(1, *)
      expect(tensor.elementCount == elements, "\(tensor.name) has \(elements) elements")
      expect(tensor.byteRange.count * 8 == elements * tensor.dtype.bitWidth, "\(tensor.name) fills \(tensor.byteRange)")
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.byteRange.count, alignment: 1)
      defer { bytes.deallocate() }
      var span = bytes.mutableBytes
      try tensor.read(into: &span)
    }
  }
  return 0
}

private func withLength(_ file: ArraySlice<UInt8>) -> [UInt8] {
  let header = file.prefix { $0 != 0 }
  let length = UInt64(header.count).littleEndian
  return withUnsafeBytes(of: length, Array.init) + header + file.dropFirst(header.count + 1)
}
