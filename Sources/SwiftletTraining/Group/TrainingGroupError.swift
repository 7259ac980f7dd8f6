// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Thrown when the processes of a ``TrainingGroup`` cannot go on together.
enum TrainingGroupError: SwiftletError, Equatable {
  /// A process has other data, settings or a model, or has computed something else.
  case differs(rank: Int, place: String, from: String, what: [String])
  /// The first process had an error.
  case failed(rank: Int, message: String)
  /// The checkpoint that the first process has read cannot be read here.
  case noSharedFolder(rank: Int, place: String, cause: String)

  var path: String? { nil }

  var reason: String {
    switch self {
    case .differs(let rank, let place, let first, let what):
      "rank \(rank) on \(escaped(place)) differs from rank 0 on \(escaped(first)): \(what.joined(separator: "; "))"
    case .failed(let rank, let message): "rank \(rank) ended with an error: \(message)"
    case .noSharedFolder(let rank, let place, let cause):
      "rank \(rank) on \(escaped(place)) cannot read the checkpoint: \(cause)"
    }
  }

  var remedy: String {
    switch self {
    case .differs: "give all processes the same program, model, data and settings, or replace the machine"
    case .failed: "see its own message"
    case .noSharedFolder: "give an output folder that all machines share"
    }
  }
}
