// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Asks a trainer to stop after the update it is at. Any thread may, and a signal handler.
public final class StopFlag: Sendable {
  private let isSet = Atomic(false)

  /// A flag that is not set.
  public init() {}

  /// Whether someone asked.
  public var isRequested: Bool { isSet.load(ordering: .acquiring) }

  /// Asks the trainer to save a checkpoint and stop.
  public func request() { isSet.store(true, ordering: .releasing) }
}
