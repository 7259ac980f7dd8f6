// SPDX-License-Identifier: Apache-2.0

import FuzzSupport
import Swiftlet

nonisolated(unsafe) private let folder = ScratchFolder()

/// Embeds a batch of texts of any lengths by a small BERT of any sizes. Each text must have the bits it has alone.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var choices = Choices(Array(UnsafeBufferPointer(start: start, count: count)))
  let model = RandomModel(&choices)
  let precision = choices.pick([Precision.float32, .bfloat16, .int8]), threads = choices.pick([1, 2, 3])
  let texts = (0..<2 + choices.number(below: 6)).map { _ in
    text(ofWords: choices.number(below: RandomModel.maximumLength + 20), &choices)
  }
  do {
    try model.write(to: folder)
    let encoder = try SentenceEncoder(
      folder: folder.path, settings: EncoderSettings(precision: precision, threadCount: threads))
    let together = try encoder.encode(texts)
    for (index, text) in texts.enumerated() {
      let alone = try encoder.encode([text])
      let bits = [together[index], alone[0]].map { $0.map(\.bitPattern) }
      expect(bits[0] == bits[1], "text \(index) of \(text.utf8.count) bytes in \(precision) as alone")
    }
  } catch {
    expect(false, "a model that loads, not \(error)")
  }
  return 0
}
