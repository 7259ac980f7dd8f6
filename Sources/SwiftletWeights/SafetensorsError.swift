// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// A file that is not a valid safetensors file.
///
/// The names of the reasons follow the reference implementation.
public struct SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong with the file.
  public enum Reason: Equatable, Sendable {
    /// Fewer than the 8 bytes that say how long the header is.
    case headerTooSmall(fileSize: Int)
    /// The header would have more than 100,000,000 bytes; `foundInstead` names the format it looks like.
    case headerTooLarge(UInt64, foundInstead: String?)
    /// The header would reach past the end of the file.
    case invalidHeaderLength(Int, fileSize: Int)
    /// The header is not the JSON it should be. Offsets count from the header's start, byte 8 of the file.
    case invalidHeader(JSONError)
    /// The header has more tensors than 65,536.
    case tooManyTensors
    /// `__metadata__` is not an object of strings, or has more than 65,536 of them.
    case invalidMetadata
    /// A field of a tensor is absent or not what it should be.
    case invalidTensor(name: String, problem: String)
    /// The size of a tensor overflows.
    case validationOverflow(name: String)
    /// A tensor does not start where the one before it ends, or ends before it starts.
    case invalidOffset(name: String)
    /// The bytes of a tensor are not as many as its type and shape ask for.
    case tensorInvalidInfo(name: String, byteCount: Int, wanted: Int)
    /// The file does not end where the last tensor ends.
    case incompleteBuffer(fileSize: Int, wanted: Int)
  }

  /// The file.
  public let path: String
  /// What is wrong with it.
  public let reason: Reason

  /// One line: the file, the tensor, what is wrong, what to do.
  public var description: String {
    let what =
      switch reason {
      case .headerTooSmall(let size):
        "not a safetensors file: \(size) bytes, too few for its header; download or export it again"
      case .headerTooLarge(let length, nil):
        "not a safetensors file: it announces a header of \(length) bytes, more than 100000000"
      case .headerTooLarge(_, let found?):
        "not a safetensors file: it looks like \(found)"
      case .invalidHeaderLength(let length, let size):
        "a header of \(length) bytes does not fit a file of \(size): a truncated download? fetch it again"
      case .invalidHeader(let error): "the safetensors header is \(error)"
      case .tooManyTensors: "more than 65536 tensors; no BERT has so many"
      case .invalidMetadata: "__metadata__ must be an object of at most 65536 strings"
      case .invalidTensor(let name, let problem): "tensor \(quoted(name)): \(problem)"
      case .validationOverflow(let name): "tensor \(quoted(name)): its shape overflows the size of any file"
      case .invalidOffset(let name):
        "tensor \(quoted(name)): data_offsets reversed, overlapping another tensor or leaving a gap"
      case .tensorInvalidInfo(let name, let count, let wanted):
        "tensor \(quoted(name)): \(count) bytes of data where its dtype and shape need \(wanted)"
      case .incompleteBuffer(let size, let wanted):
        "\(size) bytes where the header announces \(wanted): a truncated download? fetch it again"
      }
    return "\(escaped(path)): \(what)"
  }
}
