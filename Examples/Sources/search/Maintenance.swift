// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// The folder of an index.
struct IndexOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The index's folder.", valueName: "dir"))
  var index: String
}

/// Removes documents.
struct DeleteDocuments: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "delete", abstract: "Remove documents by their ids.")

  @OptionGroup var options: IndexOptions

  @Argument(help: "The ids.")
  var ids: [String]

  func run() throws {
    Interruption.handleSignals()
    let writer = try VectorIndexWriter(folder: options.index)
    let missing = try ids.filter { try !writer.remove(id: $0) }
    guard missing.isEmpty else { throw UnknownIDs(ids: missing, index: options.index) }
    try writer.commit()
    StandardError.print("\(options.index): \(ids.count) removed, \(writer.count) left")
  }
}

/// Ids that an index does not have.
struct UnknownIDs: Error, CustomStringConvertible {
  let ids: [String]
  let index: String

  var description: String {
    let names = ids.prefix(5).map { $0.debugDescription }.joined(separator: ", ")
    return "\(index): there is no \(names)\(ids.count > 5 ? " and \(ids.count - 5) more" : ""); nothing was removed"
  }
}

/// Writes an index anew.
struct CompactIndex: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact", abstract: "Write the index anew, without what was removed or replaced.")

  @OptionGroup var options: IndexOptions

  func run() throws {
    Interruption.handleSignals()
    try VectorIndexWriter(folder: options.index).compact()
  }
}

/// Reads all of an index.
struct CheckIndex: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Read all of the index, and fail if anything in it is damaged.")

  @OptionGroup var options: IndexOptions

  func run() throws {
    Interruption.handleSignals()
    let index = try VectorIndex(folder: options.index)
    try index.check()
    print("\(options.index): \(index.count) documents, undamaged")
  }
}

/// Tells what an index is.
struct ShowIndex: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Tell what the index holds and what made it.")

  @OptionGroup var options: IndexOptions

  func run() throws {
    let index = try VectorIndex(folder: options.index), description = index.description
    print("documents: \(index.count)")
    print("dimensions: \(description.dimension)")
    print("scan: \(description.scan.rawValue)")
    if let windows = description.windows {
      print("windows: \(windows.tokens) tokens, \(windows.overlap) shared; \(index.vectorCount) vectors")
    }
    print("commits: \(index.generation)")
    guard let model = description.model else { return print("model: none, the vectors are from elsewhere") }
    print("model: sha256 \(model.digest)")
    print("prompt: \(model.prompt.debugDescription)")
    print("precision: \(model.precision.rawValue)")
    print("maximum length: \(model.maxLength)")
    print("pooling: \(model.pooling.map(\.rawValue).joined(separator: "+"))")
    print("normalized: \(model.normalizes)")
  }
}
