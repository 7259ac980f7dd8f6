// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where the server listens.
enum ListeningPlace {
  case address(host: String, port: Int)
  /// The path of a Unix socket.
  case socket(String)

  /// The place cannot be had.
  struct Taken: Error, CustomStringConvertible {
    let description: String
  }

  var bindAddress: BindAddress {
    switch self {
    case .address(let host, let port): .hostname(host, port: port)
    case .socket(let path): .unixDomainSocket(path: path)
    }
  }

  private var name: String {
    switch self {
    case .address(let host, let port): "\(host):\(port)"
    case .socket(let path): path
    }
  }

  /// The place as a client writes it, with the port that the system chose.
  func name(of channel: any Channel) -> String {
    guard case .address = self, let address = channel.localAddress, let ip = address.ipAddress else { return name }
    return "http://\(ip.contains(":") ? "[\(ip)]" : ip):\(address.port ?? 0)"
  }

  /// Removes the socket that a killed server left.
  ///
  /// - Throws: ``Taken`` if a server listens at it, or if something else is there.
  func prepare() async throws {
    guard case .socket(let path) = self else { return }
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw Taken(description: "\(path): there is a file that is no socket; give another path")
    }
    let client = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    if let channel = try? await client.connect(unixDomainSocketPath: path).get() {
      try? await channel.close()
      throw Taken(description: "\(path): a server listens here already; give another path")
    }
    unlink(path)
  }

  /// Removes the socket.
  func cleanUp() {
    if case .socket(let path) = self { unlink(path) }
  }

  /// Says in one line why the server could not listen.
  func explaining(_ error: any Error) -> any Error {
    let reason: String? =
      switch error {
      case let error as IOError: String(cString: strerror(error.errnoCode))
      case is SocketAddressError, is SocketAddressError.UnknownHost:
        "this is no address of this machine, or a path that is too long"
      default: nil
      }
    return reason.map { Taken(description: "\(name): cannot listen here: \($0); give another place") } ?? error
  }
}

/// Whether a host, by name or address, is this machine as it is for itself only.
func isLoopback(host: some StringProtocol) -> Bool {
  let name = host.lowercased()
  let numbers = name.split(separator: ".", omittingEmptySubsequences: false)
  let isIPv4 = numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil }
  return name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || isIPv4 && numbers[0] == "127"
}
