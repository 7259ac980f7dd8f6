// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// Why a ``RequestQueue`` did not compute a request.
public enum RequestQueueError: SwiftletError, Equatable {
  /// The queue holds as much as its limits allow. The wait is an estimate of when it will have room.
  case full(estimatedWait: Duration)
  /// The request alone is larger than the queue's limits. The tokens are 0 if its texts are, before they are split.
  case tooLarge(tokens: Int, bytes: Int)
  /// The deadline passed before the result was there.
  case deadlineExceeded

  /// nil: a queue has no file.
  public var path: String? { nil }

  /// What is wrong.
  public var reason: String {
    switch self {
    case .full: "too many requests are waiting"
    case .tooLarge(0, let bytes): "texts of \(bytes) bytes exceed the queue's limits"
    case .tooLarge(let tokens, let bytes): "a request of \(tokens) tokens and \(bytes) bytes exceeds the queue's limits"
    case .deadlineExceeded: "the request was not done by its deadline"
    }
  }

  /// What to do about it.
  public var remedy: String {
    switch self {
    case .full(let wait): "try again in \(max(1, Int(wait.seconds.rounded(.up)))) s"
    case .tooLarge: "split it into smaller ones"
    case .deadlineExceeded: "send fewer texts, or allow more time"
    }
  }
}

extension Duration {
  /// The duration in seconds.
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
