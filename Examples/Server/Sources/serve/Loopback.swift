// SPDX-License-Identifier: Apache-2.0

/// Whether a host, by name or address, is this machine as it is for itself only.
func isLoopback(host: some StringProtocol) -> Bool {
  let name = host.lowercased()
  let numbers = name.split(separator: ".", omittingEmptySubsequences: false)
  let isIPv4 = numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil }
  return name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || isIPv4 && numbers[0] == "127"
}
