// SPDX-License-Identifier: Apache-2.0

import FuzzSupport
import SwiftletFiles

/// Parses the input as JSON: the result must be an error with a place in the text, or a value that round-trips.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  allowingErrors {
    do throws(JSONError) {
      let value = try JSONParser.parse(input)
      for indented in [false, true] {
        var written: [UInt8] = []
        JSONWriter.append(value, indented: indented, to: &written)
        expect(try! JSONParser.parse(written) == value, "the value that was written")
      }
    } catch {
      expect(0...count ~= error.offset, "byte \(error.offset) of \(count)")
      expect(error.line > 0 && error.column > 0, "line \(error.line), column \(error.column)")
      throw error
    }
  }
  return 0
}
