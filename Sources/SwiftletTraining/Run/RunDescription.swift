// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors

/// All settings and data that determine the weights of a run. A run can only be resumed with the same description.
struct RunDescription: Equatable {
  /// A field whose value has changed.
  struct Difference {
    let name: String
    let earlier: String
    let value: String

    /// The name and both values.
    var description: String { "\(name) was \(escaped(earlier)), is \(escaped(value))" }
  }

  /// The name of the field with the number of updates.
  static let stepsName = "steps"

  private(set) var fields: [(name: String, value: String)]

  /// - Parameters:
  ///   - settings: the settings. Those that do not affect weights (threads, pieces, checkpoints) are left out.
  ///   - task: the loss, described by its identity, and its data.
  ///   - stepCount: the total number of updates. With a constant rate it may be increased on resuming.
  init(
    _ settings: FineTuningSettings, task: TrainingTask, stepCount: Int, evaluation: Dataset?, model: ModelFolder,
    encoder: EncoderPipeline, weights: TrainableWeights
  ) throws {
    func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "default" }
    let optimizer = settings.optimizer, batches = task.batches, offline = batches.mining.offlineSettings
    fields = [
      (RunDescription.stepsName, "\(stepCount)"), ("encoder", encoder.configuration.architecture),
      ("loss", task.loss.identity),
      ("labels per batch", "\(batches.labelsPerBatch)"), ("samples per label", "\(batches.samplesPerLabel)"),
      ("batch size", "\(batches.batchSize)"), ("accumulation", "\(settings.accumulation)"),
      ("gradient block", "\(GradientSum.blockSize)"),
      ("mining", batches.mining.name), ("mining interval", text(offline?.interval)),
      ("margin of negatives", text(offline?.margin)),
      ("relative margin of negatives", text(offline?.relativeMargin)),
      ("negatives", "\(batches.negativesPerAnchor)"),
      ("learning rate", "\(optimizer.learningRate)"), ("weight decay", "\(optimizer.weightDecay)"),
      ("betas", "\(optimizer.beta1) \(optimizer.beta2)"), ("epsilon", "\(optimizer.epsilon)"),
      ("clip norm", text(optimizer.gradientNormLimit)),
      (
        "parameter groups",
        optimizer.groups.map { "\($0.pattern) \(text($0.learningRate)) \(text($0.weightDecay))" }
          .joined(separator: ", ")
      ),
      ("frozen", optimizer.frozen.joined(separator: ", ")),
      ("schedule", settings.schedule.rawValue), ("warm-up ratio", "\(settings.warmupRatio)"),
      ("dropout", text(settings.dropout)),
      // The values in use, which may come from the folder: it may change before the run is resumed.
      ("pooling", encoder.pooling.map(\.rawValue).joined(separator: "+")),
      ("pooling of the prompt", "\(model.poolingIncludesPrompt)"),
      ("normalize", "\(encoder.normalizes)"), ("maximum length", "\(settings.maxLength ?? encoder.maxLength)"),
      ("evaluation interval", text(settings.evaluationInterval)), ("patience", text(settings.patience)),
      ("seed", "\(settings.seed)"),
      ("training data", task.dataset.digest), ("evaluation data", evaluation?.digest ?? "none"),
      ("model", try RunDescription.digest(of: model, encoder, weights)),
    ]
    if settings.precision != .float32 { fields.append(("precision", settings.precision.rawValue)) }
    let modules = encoder.folder.modules
    if modules.contains(where: { !($0 is PoolingModule || $0 is NormalizationModule) }) {
      fields.append(("modules", modules.map(\.summary).joined(separator: ", ")))
    }
  }

  /// Reads the fields from a checkpoint.
  init(_ json: JSONObject) {
    fields = json.members.map { ($0.key, $0.value.string ?? "") }
  }

  var json: JSONObject {
    var json = JSONObject()
    for (name, value) in fields { json[name] = .string(value) }
    return json
  }

  /// The fields as JSON text, for other processes.
  var text: String {
    var text: [UInt8] = []
    JSONWriter.append(.object(json), to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  init(text: String) {
    let json = try? JSONParser.parse(Array(text.utf8))
    self.init(json?.object ?? [:])
  }

  static func == (left: RunDescription, right: RunDescription) -> Bool { left.differences(from: right).isEmpty }

  subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  /// The fields that differ from an earlier run.
  func differences(from earlier: RunDescription) -> [Difference] {
    // Some fields are left out where they say nothing.
    let gone = earlier.fields.filter { self[$0.name] == nil }
    return fields.compactMap { name, value in
      let old = earlier[name] ?? "not given"
      return sameBytes(old, value) ? nil : Difference(name: name, earlier: old, value: value)
    } + gone.map { Difference(name: $0.name, earlier: $0.value, value: "not given") }
  }

  /// The digest of the model folder: configuration, tokenizer and weights.
  private static func digest(
    of model: ModelFolder, _ encoder: EncoderPipeline, _ weights: TrainableWeights
  ) throws -> String {
    var hash = SHA256()
    let names = ["config.json", "sentence_bert_config.json"] + ModelFolder.tokenizerFiles
    let paths =
      names.map { ($0, joinPath(model.transformerPath, $0)) }
      + ["config_sentence_transformers.json"].map { ($0, joinPath(model.path, $0)) }
    for (name, path) in paths {
      guard exists(path) else { continue }
      hash.update(field: name)
      try InputFile(path: path).readAll(limit: 1 << 30).withRawSpan { hash.update($0) }
    }
    for parameter in encoder.parameters {
      weights.forEachPart(of: parameter) { $0.withBytes { hash.update($0) } }
    }
    return String(hash.hexDigest().prefix(16))
  }
}

extension Dataset {
  /// The digest of all rows, in order.
  fileprivate var digest: String {
    var hash = SHA256()
    hash.update(field: kind.rawValue)
    switch self {
    case .labeledTexts(let data):
      for (text, label) in zip(data.texts, data.labels) {
        hash.update(field: text)
        hash.update(field: data.labelNames[label])
      }
    case .triplets(let data):
      for row in 0..<data.count {
        for text in [data.anchors[row], data.positives[row]] + data.negatives[row] { hash.update(field: text) }
      }
    case .scoredPairs(let data):
      for row in 0..<data.count {
        for text in [data.first[row], data.second[row], "\(data.scores[row])"] { hash.update(field: text) }
      }
    case .labeledPairs(let data):
      for row in 0..<data.count {
        for text in [data.first[row], data.second[row], "\(data.areAlike[row])"] { hash.update(field: text) }
      }
    case .positivePairs(let data):
      for row in 0..<data.count {
        for text in [data.anchors[row], data.positives[row]] { hash.update(field: text) }
      }
    }
    return String(hash.hexDigest().prefix(16))
  }
}

extension SHA256 {
  /// Adds the length and then the text, so that different lists of texts have different digests.
  fileprivate mutating func update(field: String) {
    let count = UInt64(field.utf8.count)
    update((0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
    update(Array(field.utf8))
  }
}
