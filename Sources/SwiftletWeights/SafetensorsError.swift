// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// A file that is not a valid safetensors file.
///
/// The names of the reasons follow the reference implementation.
public struct SafetensorsError: SwiftletError, Equatable {
  /// What is wrong with the file.
  public enum Problem: Equatable, Sendable {
    /// The file is shorter than the 8 bytes of the header's length.
    case headerTooSmall(fileSize: Int)
    /// The header would have more than 100,000,000 bytes; `foundInstead` is the format the file seems to have.
    case headerTooLarge(UInt64, foundInstead: ForeignFormat?)
    /// The header would reach past the end of the file.
    case invalidHeaderLength(Int, fileSize: Int)
    /// The header is not the JSON it should be. Offsets count from the header's start, byte 8 of the file.
    case invalidHeader(JSONError)
    /// The header has more than 65,536 tensors.
    case tooManyTensors
    /// `__metadata__` is not an object of strings, or has more than 65,536 of them.
    case invalidMetadata
    /// A field of a tensor is absent or invalid.
    case invalidTensor(name: String, problem: String)
    /// The size of a tensor overflows.
    case validationOverflow(name: String)
    /// A tensor does not start where the one before it ends, or ends before it starts.
    case invalidOffset(name: String)
    /// The number of bytes of a tensor does not match its type and shape.
    case tensorInvalidInfo(name: String, byteCount: Int, wanted: Int)
    /// The file does not end where the last tensor ends.
    case incompleteBuffer(fileSize: Int, wanted: Int)
  }

  /// A format that was found where a safetensors file was expected.
  public struct ForeignFormat: Equatable, Sendable {
    let name: String
    let remedy: String
  }

  /// The file.
  public let path: String?
  /// What is wrong with the file.
  public let problem: Problem

  /// What is wrong with the file; names the tensor if one tensor is the cause.
  public var reason: String { explanation.reason }

  /// What to do about it; empty if nothing general can be said.
  public var remedy: String { explanation.remedy }

  private var explanation: (reason: String, remedy: String) {
    switch problem {
    case .headerTooSmall(let size):
      ("not a safetensors file: \(size) bytes, too few for its header", "download or export it again")
    case .headerTooLarge(let length, nil):
      ("not a safetensors file: it announces a header of \(length) bytes, more than 100000000", "")
    case .headerTooLarge(_, let found?): ("not a safetensors file: it looks like \(found.name)", found.remedy)
    case .invalidHeaderLength(let length, let size):
      ("a header of \(length) bytes does not fit a file of \(size)", "fetch it again, the download may be incomplete")
    case .invalidHeader(let error): ("the safetensors header is \(error.reason)", error.remedy)
    case .tooManyTensors: ("more than 65536 tensors", "")
    case .invalidMetadata: ("__metadata__ must be an object of at most 65536 strings", "")
    case .invalidTensor(let name, let problem): ("tensor \(quoted(name)): \(problem)", "")
    case .validationOverflow(let name): ("tensor \(quoted(name)): its shape overflows the size of any file", "")
    case .invalidOffset(let name):
      ("tensor \(quoted(name)): data_offsets reversed, overlapping another tensor or leaving a gap", "")
    case .tensorInvalidInfo(let name, let count, let wanted):
      ("tensor \(quoted(name)): \(count) bytes of data where its dtype and shape need \(wanted)", "")
    case .incompleteBuffer(let size, let wanted):
      ("\(size) bytes where the header announces \(wanted)", "fetch it again, the download may be incomplete")
    }
  }
}
