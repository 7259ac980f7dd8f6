// SPDX-License-Identifier: Apache-2.0

/// What this package throws when a file, a text or a setting from outside cannot be used.
///
/// Every such error says where the problem is, what it is and what to do, and its description is these three on one line.
///
/// ```swift
/// do {
///   let encoder = try SentenceEncoder(folder: "my-model")
/// } catch let error as any SwiftletError {
///   print(error.path ?? "", error.reason, error.remedy)
/// }
/// ```
public protocol SwiftletError: Error, Sendable, CustomStringConvertible {
  /// The file or folder, or what a stream is called; nil where none is meant.
  var path: String? { get }
  /// What is wrong, and where in the file, as text for people; without control characters, on one line.
  var reason: String { get }
  /// What to do about it; empty where nothing general can be said.
  var remedy: String { get }
}

extension SwiftletError {
  /// One line: the path, what is wrong, what to do.
  public var description: String {
    let place = path.map { "\(escaped($0)): " } ?? ""
    return place + reason + (remedy.isEmpty ? "" : "; \(remedy)")
  }
}
