// SPDX-License-Identifier: Apache-2.0

package import CSwiftletKernels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The vector kernels of one CPU path. All paths give the same bits; they differ in speed.
///
/// `CSwiftletKernels.h` says what each kernel computes, in which order, and over which memory.
package struct Kernels: @unchecked Sendable {
  // SAFETY: points to a constant table with static lifetime.

  /// The functions, to call as `kernels.table.pointee.dot(n, x, y)`.
  package let table: UnsafePointer<swlt_kernels>

  /// `scalar`, `avx2`, `avx512` or `neon`.
  package var path: String { String(cString: table.pointee.name) }

  /// The kernels of a path by its name; nil if there is no such path or this CPU cannot run it.
  package init?(path: String) {
    guard let table = swlt_named(path) else { return nil }
    self.table = table
  }

  /// The kernels of the best path of this CPU.
  package static let best = Kernels()

  private init() { table = swlt_best() }

  /// The paths that this CPU can run.
  package static var available: [Kernels] {
    ["scalar", "avx2", "avx512", "neon"].compactMap { Kernels(path: $0) }
  }

  /// The best path of this CPU, or the one that the environment variable `SWIFTLET_CPU` names.
  ///
  /// - Throws: ``CPUPathError`` if the variable names a path that does not exist or that this CPU cannot run.
  package static func selected() throws(CPUPathError) -> Kernels { try selection.get() }

  private static let selection: Result<Kernels, CPUPathError> = {
    guard let word = getenv("SWIFTLET_CPU") else { return .success(best) }
    let path = String(cString: word)
    guard let kernels = Kernels(path: path) else {
      return .failure(CPUPathError(requested: path, available: available.map(\.path)))
    }
    return .success(kernels)
  }()
}
