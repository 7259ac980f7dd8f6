// SPDX-License-Identifier: Apache-2.0

/// What a file is that was given as safetensors, told from its first bytes; nil if unknown.
func foreignFormat(firstBytes: [UInt8]) -> String? {
  func starts(_ text: String) -> Bool { firstBytes.starts(with: text.utf8) }
  let pickle = "save it with safetensors (model.save_pretrained does)"
  if starts("version https://git-lfs") { return "a Git LFS pointer; fetch the file itself with git lfs pull" }
  if starts("PK\u{3}\u{4}") { return "a PyTorch pickle or another zip archive; \(pickle)" }
  if firstBytes.count > 1, firstBytes[0] == 0x80, 2...5 ~= firstBytes[1] {
    return "a Python pickle; \(pickle)"
  }
  if starts("GGUF") { return "a GGUF file; give the original safetensors file" }
  if starts("\u{89}HDF") { return "an HDF5 file; \(pickle)" }
  let letters = firstBytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }.prefix(9).map { $0 | 0x20 }
  if letters.starts(with: "<!doctype".utf8.map { $0 | 0x20 }) || letters.starts(with: "<html".utf8) {
    return "a web page; download the file itself"
  }
  return nil
}
