// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Swiftlet
import SwiftletFiles

/// The API to whose clients an answer goes. Each has its own shape of errors.
enum Dialect: Sendable {
  /// text-embeddings-inference
  case tei
  case openAI
  /// Cohere's and Jina's rerank
  case rerank
}

/// Why a request gets no result.
struct ServerError: Error {
  enum Kind {
    case badRequest, invalid, empty, bodyTooLarge, contentType, unauthorized, host, notFound, noSuchModel
    case methodNotAllowed, overloaded, draining, wrongModel, failed, timeout
  }

  let kind: Kind
  let message: String
  /// The member of the request that is wrong.
  var parameter: String?
  /// Whose shape the error has, where the path does not tell.
  var dialect: Dialect?
  /// The seconds after which to try again.
  var retryAfter: Int?
  /// The methods that the path has.
  var allowed: [HTTPRequest.Method] = []
  /// Whether the connection cannot go on, since the request was not read.
  var closesConnection = false

  init(_ kind: Kind, _ message: String, parameter: String? = nil) {
    self.kind = kind
    self.message = message
    self.parameter = parameter
  }

  /// What an error of the library, of its queue or of the HTTP server is to a client; nil for one that tells nothing.
  init?(_ error: any Error) {
    switch error {
    case let error as ServerError: self = error
    case RequestQueueError.full(let wait):
      self.init(.overloaded, "too many requests are waiting; try again later")
      retryAfter = Int(min(60, max(0, wait.components.seconds) + 1))
    case RequestQueueError.tooLarge: self.init(.invalid, "\(error)")
    case RequestQueueError.deadlineExceeded:
      self.init(.draining, "the request waited too long")
      retryAfter = 1
    case let error as JSONError: self.init(.badRequest, "the body is not JSON: \(error.reason)")
    case let error as any SwiftletError: self.init(.invalid, error.description)
    case let error as HTTPError where error.status == .notFound: self.init(.notFound, "no such path")
    default: return nil
    }
  }

  func status(_ dialect: Dialect) -> HTTPResponse.Status {
    switch kind {
    case .badRequest, .empty: .badRequest
    case .invalid: dialect == .openAI ? .badRequest : .unprocessableContent
    case .bodyTooLarge: .contentTooLarge
    case .contentType: .unsupportedMediaType
    case .unauthorized: .unauthorized
    case .host: .misdirectedRequest
    case .notFound, .noSuchModel: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .overloaded: .tooManyRequests
    case .draining: .serviceUnavailable
    case .wrongModel: dialect == .tei ? .failedDependency : .badRequest
    case .failed: dialect == .tei ? .failedDependency : .internalServerError
    case .timeout: .requestTimeout
    }
  }

  /// text-embeddings-inference's name of the kind.
  var typeName: String {
    switch kind {
    case .empty: "Empty"
    case .overloaded: "Overloaded"
    case .draining: "Unhealthy"
    case .wrongModel, .failed: "Backend"
    default: "Validation"
    }
  }

  /// The body in the shape of the dialect. That for rerank has the members that any of its clients reads.
  func body(_ dialect: Dialect) -> JSONValue {
    switch dialect {
    case .tei: return ["error": .string(message), "error_type": .string(typeName)]
    case .rerank:
      return [
        "message": .string(message), "detail": .string(message), "error": .string(message),
        "error_type": .string(typeName),
      ]
    case .openAI:
      let (type, code) = openAINames
      return [
        "error": [
          "message": .string(message), "type": .string(type), "param": parameter.map { .string($0) } ?? .null,
          "code": code.map { .string($0) } ?? .null,
        ]
      ]
    }
  }

  /// OpenAI's type and code.
  private var openAINames: (String, String?) {
    switch kind {
    case .unauthorized: ("invalid_request_error", "invalid_api_key")
    case .noSuchModel: ("invalid_request_error", "model_not_found")
    case .overloaded: ("rate_limit_error", "rate_limit_exceeded")
    case .draining, .failed, .timeout: ("server_error", nil)
    default: ("invalid_request_error", nil)
    }
  }

  func response(_ dialect: Dialect) -> Response {
    var response = Response(json: body(dialect), status: status(dialect))
    if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
    if kind == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
    if !allowed.isEmpty { response.headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ") }
    if closesConnection || kind == .draining { response.headers[.connection] = "close" }
    // OpenAI's clients repeat a request by its status alone, also where that cannot help.
    if dialect == .openAI, kind == .failed { response.headers[.shouldRetry] = "false" }
    return response
  }
}

extension HTTPResponse.Status {
  static let failedDependency = HTTPResponse.Status(code: 424, reasonPhrase: "Failed Dependency")
}

extension HTTPField.Name {
  static let requestID = named("x-request-id")
  static let shouldRetry = named("x-should-retry")
  static let truncatedInputs = named("x-truncated-inputs")
  static let model = named("x-model")
  static let serverTiming = named("server-timing")
  /// The first host of a request is its authority.
  static let furtherHost = named("host")
  static let traceParent = named("traceparent")

  // text-embeddings-inference's
  static let computeType = named("x-compute-type")
  static let computeTime = named("x-compute-time")
  static let computeCharacters = named("x-compute-characters")
  static let computeTokens = named("x-compute-tokens")
  static let totalTime = named("x-total-time")
  static let tokenizationTime = named("x-tokenization-time")
  static let queueTime = named("x-queue-time")
  static let inferenceTime = named("x-inference-time")

  static func named(_ name: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is the name of a header") }
    return name
  }
}

extension JSONValue: @retroactive ExpressibleByDictionaryLiteral {
  /// An object.
  public init(dictionaryLiteral members: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in members { object[key] = value }
    self = .object(object)
  }
}
