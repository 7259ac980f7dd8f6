// SPDX-License-Identifier: Apache-2.0

/// Ends the process unless `condition` holds; libFuzzer then reports the input.
package func expect(_ condition: @autoclosure () throws -> Bool, _ message: @autoclosure () -> String) rethrows {
  if try !condition() { fatalError("EXPECTED: \(message())") }
}

/// Runs `body`; an error it throws must say what is wrong in one line without control characters.
package func allowingErrors(_ body: () throws -> Void) {
  do {
    try body()
  } catch {
    let text = "\(error)"
    expect(!text.isEmpty && text.unicodeScalars.count < 10_000, "a message of sensible length: \(text)")
    expect(
      !text.unicodeScalars.contains { $0.properties.generalCategory == .control }, "a message of one line: \(text)")
  }
}
