// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Swiftlet

/// The files of an input in this order, as `sections` cuts them.
private let names = [
  "vocab.txt", "tokenizer_config.json", "config.json", "modules.json", "1_Pooling/config.json",
  "sentence_bert_config.json", "config_sentence_transformers.json", "tokenizer.json",
]

private let text = "[CLS]A man, wö\u{301}rld  is 한 漢字 eating\0 ##food [MASK]!"

nonisolated(unsafe) private let folder: ScratchFolder = {
  let folder = ScratchFolder()
  let root = URL(fileURLWithPath: #filePath + "/../../../..").standardizedFileURL.path
  let fixture = "Tests/SwiftletEncodersTests/Fixtures/gelu-mean-normalized/model/model.safetensors"
  folder.link("\(root)/\(fixture)", to: "model.safetensors")
  return folder
}()

/// Loads a model folder with the input as its text files and the weights of a small BERT. The result must be an error,
/// or an encoder and a tokenizer that do what they should.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let files = sections(of: UnsafeBufferPointer(start: start, count: count), count: names.count)
  for (name, content) in zip(names, files) { folder.write(content, to: name) }

  allowingErrors {
    let tokenizer = try Tokenizer(folder: folder.path)
    let encoding = try tokenizer.encode(text, pair: "two", options: EncodingOptions(maxLength: 20))
    let trimsRanges = files.last.flatMap { $0 }.map { String(decoding: $0, as: UTF8.self).contains("Roberta") } ?? false
    checkInvariants(of: encoding, text: text, pair: "two", trimsRanges: trimsRanges, tokenizer)
    _ = try tokenizer.decode(encoding.ids)
  }
  allowingErrors {
    let encoder = try SentenceEncoder(folder: folder.path)
    let vector = try encoder.encode([text])
    expect(vector.count == 1 && vector.dimension == encoder.dimension, "a vector")
    expect(vector[0].allSatisfy(\.isFinite), "finite numbers")
  }
  return 0
}
