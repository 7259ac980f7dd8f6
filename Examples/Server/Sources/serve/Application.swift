// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The HTTP server for a service, ready to run. Tests make it as the program does.
func makeApplication(
  _ service: EmbeddingService, state: ServerState, address: BindAddress, logger: Logger,
  onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) -> some ApplicationProtocol {
  let routes = Routes(
    service: service, state: state, startTime: Int(Date.now.timeIntervalSince1970)
  ).all
  let paths = PathTable(routes)
  service.metrics.prepare(paths)
  let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
  router.add(middleware: ObservingMiddleware(service: service, state: state, paths: paths))
  router.add(middleware: CrossOriginMiddleware(origins: service.settings.origins))
  router.add(middleware: AdmissionMiddleware(service: service, state: state))
  for route in routes { router.on(RouterPath(route.path), method: route.method, use: route.answer) }

  let settings = service.settings
  var decoder = HTTP1Channel.Configuration.DecoderConfiguration()
  decoder.maxHeaderFieldSize = 16 << 10
  decoder.maxHeaderListSize = 16 << 10
  decoder.maxHeaderFieldCount = 100
  let http = HTTP1Channel.Configuration(
    additionalChannelHandlers: [ConnectionHandler(settings, state.connections)],
    idleTimeout: TimeAmount(settings.idleTimeout), httpDecoderConfiguration: decoder)
  return Application(
    router: router, server: .http1(configuration: http),
    configuration: ApplicationConfiguration(
      address: address, availableConnectionsDelegate: .maximum(settings.maximumConnections, logger: logger)),
    onServerRunning: onRunning,
    // One thread reads and writes; the others compute.
    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)), logger: logger)
}
