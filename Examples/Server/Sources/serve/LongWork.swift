// SPDX-License-Identifier: Apache-2.0

import NIOPosix

/// Runs work on `byteCount` bytes. Much of it runs on threads of its own, so that those of other requests are free.
func runApart<Value: Sendable>(
  byteCount: Int, _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
  byteCount < 1 << 16 ? try work() : try await NIOThreadPool.singleton.runIfActive(work)
}
