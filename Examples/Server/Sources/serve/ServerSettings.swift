// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The limits and rules of a server. The defaults are those of the program.
struct ServerSettings: Sendable {
  var maximumQueuedTokens = 1 << 20
  var maximumConnections = 1024
  var maximumBodyBytes = 16 << 20
  var maximumInputs = 2048
  /// The bytes of all bodies being read and all answers being written.
  var maximumBufferedBytes = 256 << 20
  var maximumResponseBytes = 64 << 20
  /// How long a request may wait for its result; nil: as long as its client does.
  var queueTimeout: Duration?
  /// The bytes of vectors to keep; 0: none.
  var cacheBytes = 0

  /// The keys of which a request must have one; nil: none is needed.
  var keys: APIKeys?
  /// The origins whose pages may call the server.
  var origins: [String] = []
  /// Whether a request must name this machine as its host, so that no page of another site can have a name that leads here.
  var checksHost = true
  var acceptsTokenIDs = false
  var allowsEmptyTexts = false
  /// Whether a request to /v1 must name the model that is served.
  var isStrictAboutModel = false
  var logsAccess = false

  /// The longest time from a request's first byte to the end of its head.
  var headTimeout = Duration.seconds(10)
  var bodyTimeout = Duration.seconds(30)
  /// How long the bytes are thrown away that a client still sends after the answer to a request that was not read.
  var discardTimeout = Duration.seconds(5)
  var idleTimeout = Duration.seconds(60)

  /// The longest time that a client takes to read an answer: a minute, and a second for each 256 KiB.
  func writeTimeout(byteCount: Int) -> Duration { .seconds(60 + byteCount >> 18) }
}

/// The keys that clients may have.
struct APIKeys: Sendable {
  private let keys: [[UInt8]]

  /// - Parameter keys: each a line of a file.
  init(_ keys: [String]) { self.keys = keys.map { Array($0.utf8) } }

  /// Whether a header's value is one of the keys, with or without "Bearer ".
  ///
  /// It takes the same time for every value of a length, so that nobody finds a key byte by byte.
  func accept(_ header: String?) -> Bool {
    guard let header else { return false }
    let scheme = "bearer "
    let value = Array((header.lowercased().hasPrefix(scheme) ? header.dropFirst(scheme.count) : header[...]).utf8)
    var isKnown = false
    for key in keys {
      var difference = UInt8(key.count == value.count ? 0 : 1)
      for (index, byte) in value.enumerated() { difference |= byte ^ key[index % key.count] }
      isKnown = difference == 0 || isKnown
    }
    return isKnown
  }
}

extension APIKeys {
  /// Reads a file with a key on each line.
  ///
  /// - Throws: ``KeyFileError`` if it cannot be read or has no key.
  init(file: String) throws {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw KeyFileError(description: "\(file): the file of API keys cannot be read; give a UTF-8 file")
    }
    let keys = text.split(whereSeparator: \.isNewline).map(String.init)
    guard !keys.isEmpty else {
      throw KeyFileError(description: "\(file): the file has no API key; give one on each line")
    }
    self.init(keys)
  }
}

struct KeyFileError: Error, CustomStringConvertible {
  let description: String
}
