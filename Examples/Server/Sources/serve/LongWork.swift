// SPDX-License-Identifier: Apache-2.0

import NIOPosix

/// Runs work on `byteCount` bytes. From 64 KiB on, which take some tenths of a millisecond, it has threads of its own, so
/// that those which serve other requests are free.
func runApart<Value: Sendable>(
  byteCount: Int, _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
  byteCount < 1 << 16 ? try work() : try await NIOThreadPool.singleton.runIfActive(work)
}
