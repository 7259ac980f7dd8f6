// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders
import SwiftletFiles
public import SwiftletTensors

/// What all vectors of an index have in common.
public struct IndexDescription: Equatable, Sendable {
  /// How the best rows are found. The results are the same: those of float32 dot products.
  public enum Scan: String, Sendable, CaseIterable {
    /// First by 8-bit codes, a quarter of the bytes, then float32 for the rows that may be among the best.
    case int8
    /// All rows in float32: no codes are stored.
    case float32
  }

  /// The length of the vectors.
  public var dimension: Int

  /// How the best rows are found.
  public var scan: Scan

  /// How long texts are divided; nil: a text has one vector, and what is beyond the model's maximum length is cut.
  public var windows: TextWindows?

  /// What made the vectors; nil for vectors from elsewhere, which cannot be searched by texts.
  public var model: IndexedModel?

  /// The description of an index for vectors from elsewhere.
  ///
  /// - Parameters:
  ///   - dimension: the length of the vectors.
  ///   - scan: how the best rows are found.
  public init(dimension: Int, scan: Scan = .int8) {
    self.dimension = dimension
    self.scan = scan
  }

  /// The description of an index for an encoder's vectors.
  ///
  /// - Parameters:
  ///   - encoder: the encoder that embeds documents and queries.
  ///   - prompt: the name of the prompt before the documents; nil: the folder's default prompt, if any; empty: none.
  ///   - scan: how the best rows are found.
  ///   - windows: how long texts are divided; nil: they are cut at the encoder's maximum length.
  /// - Throws: A ``SwiftletError`` if there is no such prompt, if the model's files cannot be read, or if windows are
  ///   longer than the encoder's maximum length.
  public init(
    for encoder: SentenceEncoder, prompt: String? = nil, scan: Scan = .int8, windows: TextWindows? = nil
  ) throws {
    if let windows, windows.tokens > encoder.maxLength {
      throw IndexError(.windowsTooLong(tokens: windows.tokens, maxLength: encoder.maxLength))
    }
    dimension = encoder.dimension
    self.scan = scan
    self.windows = windows
    model = try IndexedModel(encoder, prompt: prompt)
  }
}

/// The model that made an index's vectors, and its settings. Vectors of another model or of other settings cannot be
/// compared with them.
public struct IndexedModel: Equatable, Sendable {
  /// The digest of the model's files: see ``SentenceEncoder/modelDigest()``.
  public let digest: String

  /// The text that was put before each document.
  public let prompt: String

  /// The number format of products with weights.
  public let precision: Precision

  /// The maximum number of tokens of a text.
  public let maxLength: Int

  /// The pooling modes.
  public let pooling: [PoolingMode]

  /// Whether vectors have unit length.
  public let normalizes: Bool

  init(_ encoder: SentenceEncoder, prompt: String?) throws {
    digest = try encoder.modelDigest()
    self.prompt = try encoder.promptText(named: prompt)
    precision = encoder.precision
    maxLength = encoder.maxLength
    pooling = encoder.pooling
    normalizes = encoder.normalizes
  }

  /// Throws unless vectors of the other model can be compared with those of this one.
  func check(isComparableWith other: IndexedModel, index path: String) throws(IndexError) {
    func check(_ setting: String, _ mine: String, _ others: String) throws(IndexError) {
      guard mine != others else { return }
      throw IndexError(.otherModel(setting: setting, index: mine, given: others), path: path)
    }
    guard digest == other.digest else {
      let (mine, others) = ("\(digest.prefix(12))…", "\(other.digest.prefix(12))…")
      throw IndexError(.otherModel(setting: "the model", index: mine, given: others), path: path)
    }
    try check("precision", precision.rawValue, other.precision.rawValue)
    try check("a maximum length of", "\(maxLength)", "\(other.maxLength)")
    try check("pooling", poolingText, other.poolingText)
    try check("normalization", "\(normalizes)", "\(other.normalizes)")
  }

  private var poolingText: String { pooling.map(\.rawValue).joined(separator: "+") }
}

extension IndexDescription {
  /// Throws unless vectors of the other description can be added to an index of this one.
  func check(equals other: IndexDescription, path: String) throws(IndexError) {
    guard dimension == other.dimension else {
      throw IndexError(.dimension(other.dimension, expected: dimension), path: path)
    }
    guard scan == other.scan else {
      throw IndexError(.otherModel(setting: "scan", index: scan.rawValue, given: other.scan.rawValue), path: path)
    }
    guard windows == other.windows else {
      func name(_ windows: TextWindows?) -> String { windows.map { "\($0.tokens),\($0.overlap)" } ?? "none" }
      throw IndexError(
        .otherModel(setting: "windows", index: name(windows), given: name(other.windows)), path: path)
    }
    guard let model, let otherModel = other.model else {
      if model == other.model { return }
      throw IndexError(model == nil ? .foreignVectors : .unknownVectors, path: path)
    }
    try model.check(isComparableWith: otherModel, index: path)
    guard model.prompt == otherModel.prompt else {
      throw IndexError(
        .otherModel(setting: "the prompt", index: quoted(model.prompt), given: quoted(otherModel.prompt)), path: path)
    }
  }
}

// MARK: JSON

extension IndexDescription {
  var json: JSONObject {
    var object: JSONObject = [
      "dimension": .number(JSONNumber(dimension)), "scan": .string(scan.rawValue),
    ]
    object["windows"] = windows?.json ?? .null
    object["model"] = model.map { .object($0.json) } ?? .null
    return object
  }

  /// nil if the object is no description.
  init?(_ json: JSONObject) {
    guard let dimension = json["dimension"]?.int, 1...RowCoding.maximumDimension ~= dimension,
      let scan = json["scan"]?.string.flatMap(Scan.init(rawValue:)), let model = json["model"],
      let windows = json["windows"]
    else { return nil }
    self.init(dimension: dimension, scan: scan)
    if windows != .null {
      guard let read = TextWindows(windows) else { return nil }
      self.windows = read
    }
    if model != .null {
      guard let object = model.object, let read = IndexedModel(object) else { return nil }
      self.model = read
    }
  }
}

extension IndexedModel {
  fileprivate var json: JSONObject {
    [
      "sha256": .string(digest), "prompt": .string(prompt), "precision": .string(precision.rawValue),
      "max_length": .number(JSONNumber(maxLength)), "pooling": .array(pooling.map { .string($0.rawValue) }),
      "normalize": .bool(normalizes),
    ]
  }

  fileprivate init?(_ json: JSONObject) {
    guard let digest = json["sha256"]?.string, let prompt = json["prompt"]?.string,
      let precision = json["precision"]?.string.flatMap(Precision.init(rawValue:)),
      let maxLength = json["max_length"]?.int, let pooling = json["pooling"]?.array,
      let normalizes = json["normalize"]?.bool
    else { return nil }
    self.digest = digest
    self.prompt = prompt
    self.precision = precision
    self.maxLength = maxLength
    self.pooling = pooling.compactMap { $0.string.flatMap(PoolingMode.init(rawValue:)) }
    self.normalizes = normalizes
    guard self.pooling.count == pooling.count else { return nil }
  }
}
