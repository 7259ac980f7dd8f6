// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The page for browsers: one document with its style and its script, which loads nothing and may ask this server only.
struct Page: Sendable {
  private let html: String

  init() {
    html = String(decoding: PackageResources.page_html, as: UTF8.self)
      .replacing("/*style*/", with: String(decoding: PackageResources.page_css, as: UTF8.self))
      .replacing("/*script*/", with: String(decoding: PackageResources.page_js, as: UTF8.self))
  }

  /// The page with a number of its own, without which a browser takes no style and no script.
  var response: Response {
    var random = SystemRandomNumberGenerator()
    let nonce = Data((0..<16).map { _ in random.next() as UInt8 }).base64EncodedString()
    let policy = """
      default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; connect-src 'self'; \
      base-uri 'none'; form-action 'none'; frame-ancestors 'none'
      """
    let html = html.replacing("<style>", with: "<style nonce=\"\(nonce)\">", maxReplacements: 1)
      .replacing("<script>", with: "<script nonce=\"\(nonce)\">", maxReplacements: 1)
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/html; charset=utf-8", .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff",
        .referrerPolicy: "no-referrer",
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
  }
}

extension HTTPField.Name {
  static let referrerPolicy = named("referrer-policy")
}
