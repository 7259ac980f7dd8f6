// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What the vectors are written as.
enum Format: String, ExpressibleByArgument, CaseIterable {
  case text, jsonl, npy, safetensors

  /// The header of the formats that are one array.
  var arrayHeader: ArrayHeader? {
    switch self {
    case .text, .jsonl: nil
    case .npy: .npy
    case .safetensors: .safetensors
    }
  }
}
