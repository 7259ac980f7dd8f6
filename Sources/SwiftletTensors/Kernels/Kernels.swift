// SPDX-License-Identifier: Apache-2.0

package import CSwiftletKernels
import SwiftletFiles

/// The vector kernels of one CPU path. All paths give the same bits; they differ in speed.
///
/// Each kernel is a method, in files by topic. It takes views, which lie inside their buffers, and checks in O(1) that
/// their shapes agree (`gather` and `scatterAdd` check each index): a mistake traps with a message, it never corrupts
/// memory. `CSwiftletKernels.h` says what each kernel computes and in which order.
@safe
package struct Kernels: @unchecked Sendable {
  // SAFETY: points to a constant table with static lifetime.

  /// The C functions, for this module and the tests of the kernels themselves.
  package let table: UnsafePointer<swlt_kernels>

  /// `scalar`, `avx2`, `avx512` or `neon`.
  package var path: String { unsafe String(cString: table.pointee.name) }

  /// The kernels of a path by its name; nil if there is no such path or this CPU cannot run it.
  package init?(path: String) {
    guard let table = unsafe swlt_named(path) else { return nil }
    unsafe self.table = unsafe table
  }

  /// The kernels of the best path of this CPU.
  package static let best = Kernels()

  private init() { unsafe table = swlt_best() }

  /// The paths that this CPU can run.
  package static var available: [Kernels] {
    ["scalar", "avx2", "avx512", "neon"].compactMap { Kernels(path: $0) }
  }

  /// The best path of this CPU, or the one that the environment variable `SWIFTLET_CPU` names.
  ///
  /// - Throws: ``CPUPathError`` if the variable names a path that does not exist or that this CPU cannot run.
  package static func selected() throws(CPUPathError) -> Kernels { try selection.get() }

  private static let selection: Result<Kernels, CPUPathError> = {
    guard let path = System.environmentVariable("SWIFTLET_CPU") else { return .success(best) }
    guard let kernels = Kernels(path: path) else {
      return .failure(CPUPathError(requested: path, available: available.map(\.path)))
    }
    return .success(kernels)
  }()
}

/// The environment variable `SWIFTLET_CPU` names a path that this CPU cannot run.
package struct CPUPathError: SwiftletError, Equatable {
  /// The variable's value.
  package let requested: String

  /// The values that work on this CPU.
  package let available: [String]

  package init(requested: String, available: [String]) {
    self.requested = requested
    self.available = available
  }

  package var path: String? { nil }
  package var reason: String { "SWIFTLET_CPU=\(requested.debugDescription): this CPU has no such path" }
  package var remedy: String { "unset it or use one of \(available.joined(separator: ", "))" }
}
