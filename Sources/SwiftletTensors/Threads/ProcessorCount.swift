// SPDX-License-Identifier: Apache-2.0

/// How many processors this process may use: those it may run on, no more than its control group's quota pays for.
public func availableProcessorCount() -> Int {
  #if os(Linux)
    let allowed = allowedProcessors() ?? System.onlineProcessorCount
    return max(1, min(allowed, controlGroupQuota() ?? allowed))
  #else
    return max(1, System.onlineProcessorCount)
  #endif
}

#if os(Linux)
  /// The bits of the affinity mask, as `Cpus_allowed:	ff,ffffffff`.
  private func allowedProcessors() -> Int? {
    let field = "Cpus_allowed:"
    guard let mask = System.firstLine(of: "/proc/self/status", where: { $0.hasPrefix(field) }) else { return nil }
    let bits = mask.dropFirst(field.count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    return bits > 0 ? bits : nil
  }

  /// Processors that the quota of control group version 2 pays for, rounded up; nil without a quota.
  private func controlGroupQuota() -> Int? {
    guard let line = System.firstLine(of: "/sys/fs/cgroup/cpu.max", where: { _ in true }) else { return nil }
    let words = line.split(whereSeparator: \.isWhitespace)
    guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), quota > 0, period > 0 else {
      return nil
    }
    return (quota - 1) / period + 1
  }
#endif
