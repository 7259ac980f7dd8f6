// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles
import SwiftletTokenizers

/// The configuration of a model folder: everything but the weights and the vocabulary. The same code reads and writes
/// it, so a written folder reads back equal.
///
/// Reads folders of all versions of sentence-transformers:
///
///     config.json                        the transformer
///     modules.json                       what follows what: transformer, pooling, normalization
///     1_Pooling/config.json              the pooling modes, in the older or the newer spelling
///     2_Dense/config.json, …             further modules, some with weights of their own
///     sentence_bert_config.json          the maximum length
///     config_sentence_transformers.json  the prompts, the length of vectors
///
/// or a bare BERT without `modules.json`, which gives the vector of [CLS], not normalized; there the last two files do
/// not count, as in the reference. A module that this package cannot compute is an error that names it. All files and
/// keys are listed in Tests/SwiftletEncodersTests/Fixtures/folder-inventory.json. Source: sentence-transformers,
/// base/model.py and sentence_transformer/modules.
///
/// In a cross-encoder's folder a head follows the transformer, and nothing else. Since version 6 of sentence-transformers
/// it has a modules.json, which lists the transformer alone.
package struct ModelFolder: Sendable {
  /// The folder.
  package let path: String
  /// Where `config.json`, the weights and the vocabulary lie: the folder itself or one in it.
  package let transformerPath: String
  /// What the model computes.
  package let kind: ModelKind
  /// The model architecture.
  package internal(set) var transformer: any Transformer
  /// What turns a cross-encoder's hidden states into logits; nil for a sentence encoder.
  package internal(set) var head: ClassificationHead?
  /// A cross-encoder's labels and its function of scores; nil for a sentence encoder.
  package let scoring: ScoringConfiguration?
  /// The steps from the transformer's vectors to a text's vector.
  package internal(set) var modules: [any EncoderModule]
  /// All trainable parameters: the transformer's, then those of the head or the modules.
  package internal(set) var parameters: ParameterList
  /// The folders of weights files, each with its parameters: the transformer's, then those of modules that have any.
  package internal(set) var weightFolders: [WeightFolder]
  /// Non-fatal problems found while reading, one line each.
  package let warnings: [String]

  /// sentence_bert_config.json.
  var transformerSettings: TransformerSettings

  /// The tokenizer of a transformer that was put in the place of the folder's; nil: the folder's own.
  var newTokenizer: Tokenizer?

  private let promptConfiguration: PromptConfiguration
  /// Whether the folder has a modules.json.
  private let hasModuleList: Bool
  /// config.json.
  private let config: JSONObject

  /// The names of tokenizer files. A folder has some of them.
  package static let tokenizerFiles = [
    "vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
  ]

  /// Reads the configuration files of a model folder, or of the snapshot in a hub cache.
  ///
  /// - Parameter kind: what the model computes. A folder of the other kind is an error.
  /// - Throws: `FileError`, `JSONError`, `ForeignContentError`, `ModelLocationError` or `ConfigurationError`; each names
  ///   the file.
  package init(path: String, as kind: ModelKind = .sentenceEncoder) throws {
    let path = try modelFolder(at: path)
    let list = try ModuleList(folder: path, of: kind)
    let transformerPath = list?.transformerPath ?? path
    var (transformer, config) = try ModelFolder.transformer(folder: transformerPath, list, kind)
    let isBare = list == nil
    let prompts = try PromptConfiguration(folder: path, of: kind, readsFile: !isBare)
    let scope = ParameterScope(after: transformer.parameters)
    var moduleFolders: [WeightFolder] = []
    if kind == .crossEncoder {
      let (head, scoring) = try ModelFolder.head(of: transformer, &config, prompts, scope)
      self.head = head
      self.scoring = scoring
      modules = []
    } else if let list {
      var inputs = transformer.configuration.hiddenSize
      modules = try list.modules.enumerated().map { index, entry in
        let place = index + 1, name = ModuleList.folderName(place, entry.kind)
        let module = try entry.kind.init(folder: entry.path, place: place, inputs: inputs, scope: scope[name])
        inputs = module.dimension(of: inputs)
        if !module.tensors.isEmpty { moduleFolders.append(WeightFolder(path: entry.path, tensors: module.tensors)) }
        return module
      }
      scoring = nil
    } else {
      modules = [PoolingModule(modes: [.cls], inputs: transformer.configuration.hiddenSize)]
      scoring = nil
    }
    self.path = path
    self.transformerPath = transformerPath
    self.kind = kind
    self.transformer = transformer
    self.config = config.object
    weightFolders = [WeightFolder(of: transformer, head, path: transformerPath)] + moduleFolders
    parameters = scope.list
    hasModuleList = list != nil
    transformerSettings =
      list?.isStatic == true
      ? TransformerSettings()
      : try TransformerSettings(
        folder: transformerPath, of: kind, positions: transformer.configuration.maxPositions, readsFile: !isBare)
    promptConfiguration = prompts
    warnings = isBare && kind == .sentenceEncoder ? ModelFolder.warningsOfBareFolder(path, config) : []
  }

  private static func head(
    of transformer: any Transformer, _ config: inout ConfigurationReader, _ file: PromptConfiguration,
    _ scope: ParameterScope
  ) throws -> (ClassificationHead, ScoringConfiguration) {
    let sizes = transformer.configuration
    guard let parts = transformer.classificationHead else {
      preconditionFailure("\(sizes.architecture) has no head")
    }
    let scoring = try ScoringConfiguration(&config, file)
    let head = ClassificationHead(
      &config, parts, hiddenSize: sizes.hiddenSize, labelCount: scoring.labels.count, scope: scope)
    try config.finish()
    return (head, scoring)
  }

  /// - Throws: if the weights are quantized.
  private static func checkNumbers(_ config: ConfigurationReader) throws {
    guard let quantization = config["quantization_config"] else { return }
    let method = quantization.object?["quant_method"]?.string ?? "an unnamed method"
    throw ConfigurationError(
      path: config.path,
      problems: [.unsupported(key: "quantization_config", value: method, supported: ["float weights"])],
      remedy: "give the model's original weights; `--precision int8` makes them small in memory")
  }

  private static func warningsOfBareFolder(_ path: String, _ config: ConfigurationReader) -> [String] {
    var warnings = [
      "\(escaped(path)): no modules.json; pooling cls, not normalized; `--pooling mean` is what sentence-transformers does"
    ]
    let unread = [TransformerSettings.fileName, PromptConfiguration.fileName].filter { exists(joinPath(path, $0)) }
    if !unread.isEmpty {
      warnings.append("\(escaped(path)): \(unread.joined(separator: " and ")) without modules.json has no effect")
    }
    let architectures = config["architectures"]?.array?.compactMap(\.string) ?? []
    if let classifier = architectures.first(where: { $0.hasSuffix("SequenceClassification") }) {
      warnings.append(
        "\(escaped(path)): \(escaped(classifier)) is a cross-encoder or a classifier, whose scores `rerank` gives; "
          + "its vectors may mean little")
    }
    return warnings
  }

  /// The transformer of a folder, and its config.json.
  private static func transformer(
    folder: String, _ list: ModuleList?, _ kind: ModelKind
  ) throws -> (transformer: any Transformer, config: ConfigurationReader) {
    let path = joinPath(folder, "config.json")
    if list?.isStatic == true {
      return (try StaticEmbeddingModel(folder: folder), ConfigurationReader(path: path, object: [:]))
    }
    var config = try ConfigurationReader(path: path)
    try kind.check(config)
    let architecture = try Architectures.architecture(config)
    try checkNumbers(config)
    return (try architecture.init(&config), config)
  }

  /// Writes all files but the weights to an existing folder, for weights in float32. Each file appears only when it is
  /// complete.
  ///
  /// - Throws: `FileError`.
  package func write(to folder: String) throws {
    for name in ModelFolder.tokenizerFiles {
      let source = joinPath(transformerPath, name)
      guard exists(source) else { continue }
      try AtomicFile.write(Array(try InputFile(path: source).readAll(limit: 1 << 30)), to: joinPath(folder, name))
    }
    if let file = newTokenizer?.file {
      try JSONValue.object(file).write(to: joinPath(folder, "tokenizer.json"))
    }
    try promptConfiguration.write(to: folder)
    try transformerSettings.write(to: folder)
    if let configuration = transformer.configurationFile(from: config) {
      try JSONValue.object(configuration).write(to: joinPath(folder, "config.json"))
    }
    if kind == .sentenceEncoder || hasModuleList {
      try ModuleList.write(modules, after: type(of: transformer), of: kind, to: folder)
    }
  }

  /// The tensors of the weights file beside config.json in that folder: the transformer's, and a head's.
  package var writtenTensors: [NamedParameter] { weightFolders[0].writtenTensors }

  /// The weights files of the modules in the folder that ``write(to:)`` writes: paths inside it, and the tensors of each.
  package var writtenWeightFiles: [(path: String, tensors: [NamedParameter])] {
    modules.enumerated().filter { !$0.element.tensors.isEmpty }.map { index, module in
      (joinPath(ModuleList.folderName(index + 1, type(of: module)), "model.safetensors"), module.tensors)
    }
  }
}

extension ModelFolder {
  /// Reads the tokenizer.
  func tokenizer() throws -> Tokenizer {
    if let newTokenizer { return newTokenizer }
    let tokenizer = try transformer.tokenizer(folder: transformerPath)
    return lowercasesText ? tokenizer.lowercasing() : tokenizer
  }

  /// The pooling module; nil if the transformer pools by itself.
  var pooling: PoolingModule? { modules.lazy.compactMap { $0 as? PoolingModule }.first }

  /// The pooling modes whose vectors are concatenated, in this order.
  package var poolingModes: [PoolingMode] { pooling?.modes ?? transformer.fixedPooling ?? [] }

  /// Whether pooling includes the tokens of a prompt.
  package var poolingIncludesPrompt: Bool { pooling?.includesPrompt ?? true }

  /// Whether vectors are scaled to unit length.
  package var normalizes: Bool { modules.last is NormalizationModule }

  /// The length of a text's vector, or the number of a pair's logits.
  package var dimension: Int {
    head?.labelCount ?? modules.reduce(transformer.configuration.hiddenSize) { $1.dimension(of: $0) }
  }

  /// The maximum number of tokens of a text, including special tokens; nil if the folder does not say.
  package var maxSequenceLength: Int? { transformerSettings.maxSequenceLength }

  /// Whether texts are lowercased before the tokenizer. If false, the tokenizer may still lowercase them.
  package var lowercasesText: Bool { transformerSettings.lowercasesText }

  /// Prompts by name, for example `query`. A prompt is put before a text.
  package var prompts: [String: String] { promptConfiguration.prompts }

  /// The number of leading dimensions that the folder asks to keep; nil: all.
  package var truncateDimension: Int? { promptConfiguration.truncateDimension }

  /// The name of the prompt that is used if none is given.
  package var defaultPromptName: String? { promptConfiguration.defaultName }
}
