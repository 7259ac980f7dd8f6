// SPDX-License-Identifier: Apache-2.0

/// Thrown for a file whose content is of another kind than its name says, for example a Git LFS pointer named
/// config.json.
package struct ForeignContentError: SwiftletError, Equatable {
  package let path: String?
  /// What the file holds.
  package let content: ForeignContent

  package var reason: String { "is \(content.name)" }
  package var remedy: String { content.remedy }
}

/// Content that is often found where a text file is expected, recognized by its first bytes.
package enum ForeignContent: Equatable, Sendable {
  /// A placeholder of Git LFS. The file itself was not downloaded.
  case lfsPointer
  /// HTML: a download gave a web page.
  case webPage
  /// A text in UTF-8 behind a byte order mark, which JSON does not allow.
  case byteOrderMark
  /// A text in UTF-16.
  case utf16
  /// A compressed file or a ZIP archive, for example a PyTorch file.
  case archive

  /// The kind of content; nil if it is none of these.
  package init?(_ bytes: some Collection<UInt8>) {
    func starts(_ marks: [UInt8]...) -> Bool { marks.contains { bytes.starts(with: $0) } }
    let text = bytes.prefix(1024).drop { $0 == 0x20 || 0x09...0x0D ~= $0 }.prefix(24)
    let lowercased = text.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
    if starts(Array("version https://git-lfs".utf8)) {
      self = .lfsPointer
    } else if ["<!doctype html", "<html", "<?xml"].contains(where: { lowercased.starts(with: $0.utf8) }) {
      self = .webPage
    } else if starts([0xEF, 0xBB, 0xBF]) {
      self = .byteOrderMark
    } else if starts([0xFF, 0xFE], [0xFE, 0xFF]) {
      self = .utf16
    } else if starts([0x1F, 0x8B], [0x50, 0x4B, 0x03, 0x04], [0x28, 0xB5, 0x2F, 0xFD]) {
      self = .archive
    } else {
      return nil
    }
  }

  /// What the file holds, in words for a message.
  package var name: String {
    switch self {
    case .lfsPointer: "a Git LFS pointer, not the file itself"
    case .webPage: "a web page, not the file itself"
    case .byteOrderMark: "a text with a byte order mark, which JSON does not allow"
    case .utf16: "a text in UTF-16"
    case .archive: "an archive or a compressed file"
    }
  }

  /// What to do about it.
  package var remedy: String {
    switch self {
    case .lfsPointer: "fetch the file itself with git lfs pull"
    case .webPage: "download the raw file"
    case .byteOrderMark: "save the file as UTF-8 without the mark"
    case .utf16: "save the file as UTF-8"
    case .archive: "unpack it, or download the file again"
    }
  }
}
