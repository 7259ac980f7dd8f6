// SPDX-License-Identifier: Apache-2.0

/// What is written of vectors.
enum OutputFormat: String, CaseIterable {
  case float32, int8, bits

  init(named name: String) throws(CallError) {
    guard let format = OutputFormat(rawValue: name) else {
      throw .unknown(name, kind: "format", known: OutputFormat.allCases.map(\.rawValue))
    }
    self = format
  }

  /// The number of bytes of a vector, with its scale.
  func rowSize(dimension: Int) -> Int {
    switch self {
    case .float32: dimension * 4
    case .int8: dimension + 4
    case .bits: (dimension + 7) / 8
    }
  }
}
