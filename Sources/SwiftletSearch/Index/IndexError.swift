// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// Why an index cannot be opened, changed or searched.
public struct IndexError: SwiftletError, Equatable {
  /// What went wrong.
  public enum Problem: Equatable, Sendable {
    /// There is no index at the path.
    case missing
    /// A file of the index does not hold what it should.
    case damaged(String)
    /// The index was made by a later version of this package.
    case unknownVersion(Int)
    /// The folder holds other files, and no index.
    case otherFiles
    /// Another process is changing the index.
    case inUse
    /// The index holds vectors of another model, or was made with other settings: the setting, the index's value, the
    /// one that was given.
    case otherModel(setting: String, index: String, given: String)
    /// The index holds vectors from elsewhere, so texts cannot be embedded for it.
    case foreignVectors
    /// The index holds vectors of a model, and vectors from elsewhere were to be added.
    case unknownVectors
    /// A vector of another length than the index's.
    case dimension(Int, expected: Int)
    /// A vector with a number that is NaN or infinite.
    case notFinite(Float, element: Int)
    /// A vector whose dot products might not be finite.
    case tooLong(norm: Double)
    /// More elements than an index can hold.
    case tooManyElements(Int)
    /// Windows that have no room for new tokens.
    case windows(tokens: Int, overlap: Int)
    /// Windows with more tokens than the encoder reads.
    case windowsTooLong(tokens: Int, maxLength: Int)
    /// The metadata of a segment's documents have more different members than this.
    case tooManyFields(Int)
    /// A document with more windows than a segment has rows.
    case tooManyWindows(Int)
    /// A document of a corpus has the id of an earlier one.
    case duplicateID(String)
  }

  /// The folder or the file; nil if the error is of a query.
  public let path: String?

  /// What went wrong.
  public let problem: Problem

  init(_ problem: Problem, path: String? = nil) {
    self.problem = problem
    self.path = path
  }

  /// What is wrong and where.
  public var reason: String {
    switch problem {
    case .missing: "there is no index"
    case .damaged(let what): what
    case .unknownVersion(let version): "is an index of version \(version), which is not known here"
    case .otherFiles: "holds other files, and no index"
    case .inUse: "another process is changing the index"
    case .otherModel(let setting, let index, let given):
      "the index was made with \(setting) \(index), not \(given)"
    case .foreignVectors: "the index holds vectors from elsewhere, without the model that made them"
    case .unknownVectors: "the index holds vectors of a model, and those to be added are from elsewhere"
    case .dimension(let count, let expected): "a vector of \(count) elements, where the index has \(expected)"
    case .notFinite(let number, let element): "element \(element) of a vector is \(number)"
    case .tooLong(let norm): "a vector of length \(norm), whose products might overflow"
    case .tooManyElements(let count): "vectors of \(count) elements"
    case .windows(let tokens, let overlap):
      "windows of \(tokens) tokens that share \(overlap) have no room for the rest of a text"
    case .windowsTooLong(let tokens, let maxLength):
      "windows of \(tokens) tokens, where the encoder reads \(maxLength)"
    case .tooManyFields(let limit): "metadata of more than \(limit) members"
    case .tooManyWindows(let count): "a document of \(count) windows"
    case .duplicateID(let id): "the id \(quoted(id)) occurs twice"
    }
  }

  /// What to do about it.
  public var remedy: String {
    switch problem {
    case .missing: "check the path, or make one"
    case .damaged: "remove the index and make it again"
    case .unknownVersion: "use the version of the package that made it, or make it again"
    case .otherFiles: "give a folder that is empty or does not exist"
    case .inUse: "wait until it is done"
    case .otherModel:
      "use the same model and settings, or remove the index and make it again, or make another elsewhere"
    case .foreignVectors: "query with vectors of the same model"
    case .unknownVectors: "make an index of their own for them"
    case .dimension: "use the model that the index was made with"
    case .notFinite, .tooLong: "check what made the vector"
    case .tooManyElements: "give at most \(RowCoding.maximumDimension)"
    case .windows: "give more tokens or a smaller overlap"
    case .windowsTooLong(_, let maxLength): "give at most \(maxLength)"
    case .tooManyFields: "put those that no filter asks for into one"
    case .tooManyWindows: "divide it into several documents"
    case .duplicateID: "give each document an id of its own"
    }
  }
}
