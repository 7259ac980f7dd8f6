// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import Swiftlet

/// The options that all programs share.
public struct CommonOptions: ParsableArguments, Sendable {
  /// The folder that --model names.
  @Option(
    help: ArgumentHelp(
      "The model folder (default: $SWIFTLET_MODEL, else \(ModelLocation.bundled) above the program or here).",
      valueName: "dir"))
  public var model: String?

  /// The number of threads that --threads names.
  @Option(help: ArgumentHelp("Threads to compute on (default: one a core).", valueName: "n"))
  public var threads: Int?

  /// The number format of products with weights.
  @Option(
    help: ArgumentHelp(
      "The numbers to multiply: float32, or faster ones near it.",
      valueName: Precision.allCases.map(\.rawValue).joined(separator: "|")))
  public var precision: Precision = .float32

  /// The maximum number of tokens of a text that --max-length names.
  @Option(help: ArgumentHelp("The most tokens a text may have; what is beyond them is cut.", valueName: "n"))
  public var maxLength: Int?

  /// Whether only errors are printed.
  @Flag(help: "Print errors only: no warnings, no progress.")
  public var quiet = false

  /// Options to be parsed.
  public init() {}

  /// Checks the options.
  public func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads); give a number from 1 to 1024")
    }
    if let maxLength, maxLength < 2 {
      throw ValidationError("--max-length is \(maxLength); [CLS] and [SEP] alone take 2")
    }
  }

  /// The model folder to use.
  public func modelFolder() throws -> String {
    try ModelLocation.find(option: model)
  }

  /// Loads the encoder; its warnings go to standard error.
  public func encoder(_ configure: (inout EncoderSettings) -> Void = { _ in }) throws -> SentenceEncoder {
    var settings = EncoderSettings()
    settings.precision = precision
    settings.threadCount = threads
    settings.maxLength = maxLength
    configure(&settings)
    let encoder = try SentenceEncoder(folder: modelFolder(), settings: settings)
    encoder.warnings.forEach(warn)
    return encoder
  }

  /// Loads a cross-encoder; its warnings go to standard error.
  ///
  /// - Parameter folder: nil: the model folder.
  public func crossEncoder(folder: String? = nil) throws -> CrossEncoder {
    let settings = CrossEncoderSettings(maxLength: maxLength, precision: precision, threadCount: threads)
    let encoder = try CrossEncoder(folder: folder ?? modelFolder(), settings: settings)
    encoder.warnings.forEach(warn)
    return encoder
  }

  /// Says `message` on standard error, unless `--quiet`.
  public func warn(_ message: String) {
    if !quiet { StandardError.print("Warning: \(message)") }
  }
}

extension Precision: @retroactive ExpressibleByArgument {}
