// SPDX-License-Identifier: Apache-2.0

import FuzzSupport
import Swiftlet

/// The files of an input in this order, as `sections` cuts them; the last section is a filter.
private let names = [
  "manifest.json", "positions-000000-1.npy", "segment-000000/vectors.npy", "segment-000000/codes.bin",
  "segment-000000/ids.utf8", "segment-000000/ids.offsets.npy", "segment-000000/texts.utf8",
  "segment-000000/texts.offsets.npy", "segment-000000/field-0.npy", "segment-000000/field-0.values.utf8",
  "segment-000000/field-0.values.offsets.npy",
  "segment-000000/passages.npy",
]

nonisolated(unsafe) private let folder = ScratchFolder()

/// Opens the input as an index, searches it with the input's filter, and reads all of it. The result must be an error, or
/// documents in the order of their scores.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let files = sections(of: UnsafeBufferPointer(start: start, count: count), count: names.count + 1)
  for (name, content) in zip(names, files) { folder.write(content, to: name) }
  let text = String(decoding: files.last.flatMap { $0 } ?? [], as: UTF8.self)
  for mapsFiles in [true, false] {
    allowingErrors {
      let index = try VectorIndex(folder: folder.path, mapsFiles: mapsFiles, threadCount: 1)
      let query = [Float](repeating: 0.5, count: index.description.dimension)
      allowingErrors {
        let found = try index.search(query, limit: 2, where: SearchFilter(text))
        expect(found.count <= 2 && found.map(\.score) == found.map(\.score).sorted(by: >), "hits in order")
      }
      allowingErrors { try index.forEachDocument { _, _, vector in expect(vector.count == query.count, "a vector") } }
      allowingErrors { try index.check() }
    }
  }
  return 0
}
