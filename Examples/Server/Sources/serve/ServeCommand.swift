// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Hummingbird
import Logging
import Metrics
import NIOCore
import ProgramSupport
import PrometheusMetrics
import ServiceLifecycle
import Swiftlet
import SwiftletFiles

/// Serves vectors, scores and tokens over HTTP.
@main
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serves embeddings over HTTP, with the APIs of text-embeddings-inference, OpenAI and Cohere.",
    version: swiftletVersion)

  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("The folder of a cross-encoder, for reranking.", valueName: "dir"))
  var rerankModel: String?

  @Option(help: ArgumentHelp("The folder of an index to search, made with the same model.", valueName: "dir"))
  var index: String?

  @Option(help: "The address to listen at.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen at; 0: a free one.")
  var port = 8080

  @Option(help: ArgumentHelp("Listen at this Unix socket, not at an address.", valueName: "path"))
  var socket: String?

  @Option(help: ArgumentHelp("A file of API keys, one a line. A request needs one of them.", valueName: "file"))
  var apiKeyFile: String?

  @Flag(help: "Serve other machines without a key.")
  var noAPIKey = false

  @Option(help: ArgumentHelp("Let pages of this origin call the server. Can be repeated.", valueName: "origin"))
  var corsOrigin: [String] = []

  @Option(help: "Tokens that may wait or be computed.")
  var maxQueuedTokens = ServerSettings().maximumQueuedTokens

  @Option(help: "Open connections.")
  var maxConnections = ServerSettings().maximumConnections

  @Option(help: "Bytes of a request's body.")
  var maxBodyBytes = ServerSettings().maximumBodyBytes

  @Option(help: "Texts of a request.")
  var maxInputs = ServerSettings().maximumInputs

  @Option(help: "Bytes of all bodies being read and all answers being written.")
  var maxBufferedBytes = ServerSettings().maximumBufferedBytes

  @Option(help: "Bytes of an answer.")
  var maxResponseBytes = ServerSettings().maximumResponseBytes

  @Option(help: ArgumentHelp("Seconds that a request may wait for its result (default: no limit).", valueName: "s"))
  var queueTimeout: Double?

  @Option(help: ArgumentHelp("Seconds to finish what is asked for after SIGTERM or SIGINT.", valueName: "s"))
  var drainTimeout = 30

  @Option(help: ArgumentHelp("Seconds between being unready and refusing connections.", valueName: "s"))
  var drainDelay = 0

  @Option(help: "Bytes of vectors to keep (default: none).")
  var cacheBytes = 0

  @Flag(help: "Take token ids at /v1/embeddings. They must be of this model's tokenizer.")
  var acceptTokenIds = false

  @Flag(help: "Take empty texts.")
  var allowEmpty = false

  @Flag(help: "Refuse requests to /v1 that name another model.")
  var strictModel = false

  @Option(help: "How the log on standard error looks.")
  var logFormat = ServerLog.Format.text

  @Flag(help: "Log each request, without its texts.")
  var accessLog = false

  private var isLocal: Bool { socket != nil || isLoopback(host: host) }

  func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("--port is \(port); give 0 to 65535") }
    let limits = [
      ("--max-queued-tokens", maxQueuedTokens), ("--max-connections", maxConnections),
      ("--max-body-bytes", maxBodyBytes),
      ("--max-inputs", maxInputs), ("--max-buffered-bytes", maxBufferedBytes),
      ("--max-response-bytes", maxResponseBytes),
    ]
    for (name, value) in limits where value < 1 { throw ValidationError("\(name) is \(value); give a number above 0") }
    for (name, value) in [
      ("--drain-timeout", drainTimeout), ("--drain-delay", drainDelay), ("--cache-bytes", cacheBytes),
    ]
    where value < 0 {
      throw ValidationError("\(name) is \(value); give a number from 0")
    }
    if let queueTimeout, !(queueTimeout > 0 && queueTimeout < 1e6) {
      throw ValidationError("--queue-timeout is \(queueTimeout); give a number of seconds above 0")
    }
    if !isLocal, apiKeyFile == nil, !noAPIKey {
      throw ValidationError(
        "--host \(host) lets other machines ask: give --api-key-file, or --no-api-key if all of them may")
    }
    if noAPIKey, apiKeyFile != nil { throw ValidationError("give --api-key-file or --no-api-key, not both") }
  }

  func run() async throws {
    let registry = PrometheusRegistry()
    MetricsSystem.bootstrap(registry)
    let format = logFormat
    LoggingSystem.bootstrap { ServerLog(label: $0, format: format) }
    var logger = Logger(label: "serve")
    logger.logLevel = common.quiet ? .error : .info

    let folder = try common.modelFolder(), encoder = try common.encoder()
    let service = EmbeddingService(
      encoder: encoder, modelName: modelName(folder), precision: common.precision, reranker: try reranker(),
      index: try searchIndex(encoder), settings: try settings(logger), metrics: ServerMetrics(registry: registry))
    let state = ServerState(), drainDelay = drainDelay
    let quiet = common.quiet
    let place = socket.map { ListeningPlace.socket($0) } ?? .address(host: host, port: port)
    try await place.prepare()
    let application = makeApplication(service, state: state, address: place.bindAddress, logger: logger) { channel in
      if !quiet { StandardError.print("listening at \(place.name(of: channel))") }
    }
    do {
      try await Lifecycle(
        state: state, drainDelay: .seconds(drainDelay), drainTimeout: .seconds(drainTimeout), logger: logger
      ).run(application)
      place.cleanUp()
    } catch {
      throw place.explaining(error)
    }
  }

  private func modelName(_ folder: String) -> String {
    folder.split(separator: "/").last.map(String.init) ?? folder
  }

  /// The index as it is now; commits after this are not seen.
  private func searchIndex(_ encoder: SentenceEncoder) throws -> VectorIndex? {
    guard let index else { return nil }
    let opened = try VectorIndex(folder: index, threadCount: common.threads)
    // Vectors from elsewhere can be searched by vectors only.
    if opened.description.model != nil { try opened.check(encoder) }
    return opened
  }

  private func reranker() throws -> (encoder: CrossEncoder, name: String)? {
    guard let rerankModel else { return nil }
    return (try common.crossEncoder(folder: rerankModel), modelName(rerankModel))
  }

  private func settings(_ logger: Logger) throws -> ServerSettings {
    var settings = ServerSettings()
    settings.maximumQueuedTokens = maxQueuedTokens
    settings.maximumConnections = DescriptorLimit.connections(atMost: maxConnections)
    if settings.maximumConnections < maxConnections {
      logger.warning(
        "the system's limit of open files allows fewer connections",
        metadata: ["connections": "\(settings.maximumConnections)", "max-connections": "\(maxConnections)"])
    }
    settings.maximumBodyBytes = maxBodyBytes
    settings.maximumInputs = maxInputs
    settings.maximumBufferedBytes = maxBufferedBytes
    settings.maximumResponseBytes = maxResponseBytes
    settings.queueTimeout = queueTimeout.map { .seconds($0) }
    settings.cacheBytes = cacheBytes
    settings.keys = try apiKeyFile.map { try APIKeys(file: $0) }
    settings.origins = corsOrigin
    settings.checksHost = isLocal && socket == nil
    settings.acceptsTokenIDs = acceptTokenIds
    settings.allowsEmptyTexts = allowEmpty
    settings.isStrictAboutModel = strictModel
    settings.logsAccess = accessLog
    return settings
  }
}

extension ServerLog.Format: ExpressibleByArgument {}
