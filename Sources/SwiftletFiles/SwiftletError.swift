// SPDX-License-Identifier: Apache-2.0

/// An error in a file, a text or a setting from outside this package.
///
/// Every error says where the problem is, what it is and what to do. Its description is these three on one line.
///
/// ```swift
/// do {
///   let encoder = try SentenceEncoder(folder: "my-model")
/// } catch let error as any SwiftletError {
///   print(error.path ?? "", error.reason, error.remedy)
/// }
/// ```
public protocol SwiftletError: Error, Sendable, CustomStringConvertible {
  /// The file, the folder or the name of a stream; nil if the error belongs to none.
  var path: String? { get }
  /// What is wrong and where in the file: text for people, on one line, without control characters.
  var reason: String { get }
  /// What to do about it; empty if nothing general can be said.
  var remedy: String { get }
}

extension SwiftletError {
  /// One line: the path, what is wrong, what to do.
  public var description: String {
    let place = path.map { "\(escaped($0)): " } ?? ""
    return place + reason + (remedy.isEmpty ? "" : "; \(remedy)")
  }
}
