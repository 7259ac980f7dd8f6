// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import SwiftletWeights

/// Says of one file after another whether it is valid safetensors.
///
/// Standard input holds files, each after its length in 8 little-endian bytes; standard output gets a line a file:
/// `ok`, or the name of the reason and the message.
@main struct Verdict {
  static func main() {
    let folder = ScratchFolder()
    while let length = read(8)?.reversed().reduce(0, { $0 << 8 | Int($1) }), let content = read(length) {
      folder.write(content, to: "file")
      do {
        _ = try SafetensorsFile(path: folder.path("file"))
        print("ok")
      } catch let error as SafetensorsError {
        print(name(error.problem), error)
      } catch {
        print("error", error)
      }
    }
  }

  /// The name of a case without its values. For invalid JSON it is the case of the JSON reader's error.
  private static func name(_ kind: SafetensorsError.Problem) -> Substring {
    if case .invalidHeader(let error) = kind { return "\(error.problem)".prefix { $0 != "(" } }
    return "\(kind)".prefix { $0 != "(" }
  }

  /// The next `count` bytes; nil at the end.
  private static func read(_ count: Int) -> [UInt8]? {
    let bytes = count == 0 ? Data() : try? FileHandle.standardInput.read(upToCount: count)
    return bytes?.count == count ? bytes.map { Array($0) } : nil
  }
}
