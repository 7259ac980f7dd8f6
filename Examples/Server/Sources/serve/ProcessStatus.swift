// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the system says of this process.
struct ProcessStatus {
  let residentBytes: Int
  let processorSeconds: Double
  let openDescriptors: Int

  /// nil where the system has no /proc.
  static func now() -> ProcessStatus? {
    guard let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " "),
      pages.count > 1, let resident = Int(pages[1]),
      let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    else { return nil }
    var usage = rusage()
    getrusage(rusageSelf, &usage)
    let time = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
    return ProcessStatus(
      residentBytes: resident * Int(sysconf(Int32(_SC_PAGESIZE))), processorSeconds: time,
      // Reading the folder opened one.
      openDescriptors: descriptors.count - 1)
  }
}

#if canImport(Glibc)
  private let rusageSelf = Int32(RUSAGE_SELF.rawValue)
#else
  private let rusageSelf = RUSAGE_SELF
#endif

/// The limit of the process's open files.
enum DescriptorLimit {
  /// What the process opens besides connections.
  private static let reserve = 96

  /// Raises the limit as far as `connections` need it and the system allows it.
  ///
  /// A server without a free descriptor cannot accept the connection that waits, and would try again without end.
  ///
  /// - Returns: the connections that can be open at a time, at most `connections`.
  static func connections(atMost connections: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return connections }
    let wanted = rlim_t(connections) + rlim_t(reserve)
    if limit.rlim_cur < wanted {
      let before = limit
      limit.rlim_cur = min(wanted, limit.rlim_max)
      if setrlimit(resource, &limit) != 0 { limit = before }
    }
    let possible = Int(clamping: limit.rlim_cur)
    return min(connections, max(possible - reserve, possible / 4, 1))
  }

  #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let resource = RLIMIT_NOFILE
  #endif
}
