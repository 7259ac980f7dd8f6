// SPDX-License-Identifier: Apache-2.0

/// What a tokenizer class of the transformers library makes of a model's folder.
///
/// Some classes build the tokenizer themselves and take only the vocabulary and the added tokens from tokenizer.json.
/// The others use all of tokenizer.json. The class is named by tokenizer_config.json, else by config.json
/// (`tokenizer_class` of each), else it belongs to the model type. Source: transformers 5.23,
/// models/auto/tokenization_auto.py and the classes.
struct TokenizerClass: Equatable {
  /// Which special tokens the class puts around texts.
  enum Template { case bert, mpnet, xlmRoberta }

  /// The kind of model that the class has; nil: that of tokenizer.json.
  var model: SegmentationKind? = .wordPiece
  /// Whether normalizer, pre-tokenizer and the model's settings come from tokenizer.json, if there is one.
  var usesFile = false
  /// The template that the class sets; nil: that of tokenizer.json.
  var template: Template? = .bert
  /// The class's own spellings of special tokens; nil: only those that the files name are special.
  var names: SpecialTokenNames? = SpecialTokenNames.bert
  /// Whether texts are lowercased even if tokenizer_config.json says `do_lower_case: false`.
  var ignoresCase = false
  /// Whether the mask token takes in the white space before it.
  var maskStripsLeft = false

  /// BERT's own class.
  static let bert = TokenizerClass()
  /// The class that is tokenizer.json and nothing else.
  static let file = TokenizerClass(model: nil, usesFile: true, template: nil, names: nil)

  /// The class for these names; nil for a class that builds a tokenizer of another kind.
  ///
  /// - Parameters:
  ///   - name: `tokenizer_class`; nil if no file names one.
  ///   - modelType: `model_type` of config.json.
  init?(named name: String?, modelType: String?) {
    var name = name ?? TokenizerClass.name(ofModelType: modelType)
    if name.hasSuffix("Fast"), !TokenizerClass.fileWithTemplate.contains(name) { name.removeLast(4) }
    switch name {
    case "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "LayoutLMTokenizer", "LxmertTokenizer",
      "MobileBertTokenizer", "SqueezeBertTokenizer":
      self = .bert
    case "DPRContextEncoderTokenizer", "DPRQuestionEncoderTokenizer", "DPRReaderTokenizer":
      self = TokenizerClass(ignoresCase: true)
    case "MPNetTokenizer":
      self = TokenizerClass(template: .mpnet, names: .mpnet, maskStripsLeft: true)
    case "XLMRobertaTokenizer":
      self = TokenizerClass(model: .unigram, template: .xlmRoberta, names: .xlmRoberta)
    case _ where TokenizerClass.fileWithTemplate.contains(name):
      self = TokenizerClass(usesFile: true)
    case _ where TokenizerClass.others.contains(name[...]):
      return nil
    default:
      // PreTrainedTokenizerFast, TokenizersBackend, and names that the reference does not know.
      self = .file
    }
  }

  private init(
    model: SegmentationKind? = .wordPiece, usesFile: Bool = false, template: Template? = .bert,
    names: SpecialTokenNames? = .bert, ignoresCase: Bool = false, maskStripsLeft: Bool = false
  ) {
    self.model = model
    self.usesFile = usesFile
    self.template = template
    self.names = names
    self.ignoresCase = ignoresCase
    self.maskStripsLeft = maskStripsLeft
  }

  /// The class that belongs to a model type.
  private static func name(ofModelType type: String?) -> String {
    switch type {
    case nil, "bert", "distilbert", "electra", "layoutlm", "lxmert", "mobilebert", "squeezebert":
      "BertTokenizer"
    case "convbert": "ConvBertTokenizer"
    case "dpr": "DPRQuestionEncoderTokenizer"
    case "mpnet": "MPNetTokenizer"
    case "albert", "yoso": "AlbertTokenizer"
    case "camembert": "CamembertTokenizer"
    case "roberta", "bart", "longformer": "RobertaTokenizer"
    case "xlm-roberta", "xmod": "XLMRobertaTokenizer"
    default: "TokenizersBackend"
    }
  }

  /// Subclasses of BERT's without an initializer of their own: all of tokenizer.json, with BERT's template.
  private static let fileWithTemplate = [
    "ConvBertTokenizer", "ConvBertTokenizerFast", "DPRContextEncoderTokenizerFast", "DPRQuestionEncoderTokenizerFast",
    "DPRReaderTokenizerFast",
  ]

  /// The reference's classes that build tokenizers of other kinds.
  private static let others = Set(
    """
    AlbertTokenizer BartTokenizer BarthezTokenizer BartphoTokenizer BasicTokenizer BertGenerationTokenizer \
    BertJapaneseTokenizer BertTokenizerLegacy BertweetTokenizer BigBirdTokenizer BioGptTokenizer \
    BlenderbotSmallTokenizer BlenderbotTokenizer ByT5Tokenizer CLIPTokenizer CTRLTokenizer CamembertTokenizer \
    CanineTokenizer CharacterTokenizer ClvpTokenizer CodeGenTokenizer CodeLlamaTokenizer CohereTokenizer \
    CpmAntTokenizer CpmTokenizer DebertaTokenizer DebertaV2Tokenizer DiaTokenizer EsmTokenizer EsmcTokenizer \
    FNetTokenizer FSMTTokenizer FastSpeech2ConformerTokenizer FlaubertTokenizer FunnelTokenizer GPT2Tokenizer \
    GPTNeoXJapaneseTokenizer GPTNeoXTokenizer GPTSw3Tokenizer GemmaTokenizer HerbertTokenizer LEDTokenizer \
    LasrTokenizer LayoutLMv2Tokenizer LayoutLMv3Tokenizer LayoutXLMTokenizer LlamaTokenizer LongformerTokenizer \
    LukeTokenizer M2M100Tokenizer MBart50Tokenizer MBartTokenizer MLukeTokenizer MarianTokenizer MarkupLMTokenizer \
    MecabTokenizer MgpstrTokenizer MvpTokenizer MyT5Tokenizer NllbTokenizer NougatTokenizer OpenAIGPTTokenizer \
    PLBartTokenizer ParakeetTokenizer PegasusTokenizer PerceiverTokenizer PhobertTokenizer Pop2PianoTokenizer \
    ProphetNetTokenizer Qwen2Tokenizer Qwen3_5Tokenizer RagTokenizer ReformerTokenizer RemBertTokenizer \
    RoCBertTokenizer RoFormerTokenizer RobertaTokenizer SeamlessM4TTokenizer Siglip2Tokenizer SiglipTokenizer \
    Speech2TextTokenizer SpeechT5Tokenizer SplinterTokenizer T5Tokenizer TapasTokenizer Tipsv2Tokenizer \
    UdopTokenizer VideoPrismTokenizer VitsTokenizer Wav2Vec2CTCTokenizer Wav2Vec2PhonemeCTCTokenizer \
    WhisperTokenizer WordpieceTokenizer XGLMTokenizer XLMTokenizer XLNetTokenizer
    """.split(separator: " "))
}

/// The spellings of the special tokens in a vocabulary.
struct SpecialTokenNames: Equatable {
  /// Before a text; BERT's class has none of its own, but a classifier.
  var beginning: String?
  /// After a text; BERT's class has none of its own, but a separator.
  var end: String?
  var unknown: String
  var classifier: String
  var separator: String
  var padding: String
  var mask: String

  static let bert = SpecialTokenNames(
    unknown: "[UNK]", classifier: "[CLS]", separator: "[SEP]", padding: "[PAD]", mask: "[MASK]")
  static let mpnet = SpecialTokenNames(
    beginning: "<s>", end: "</s>", unknown: "[UNK]", classifier: "<s>", separator: "</s>", padding: "<pad>",
    mask: "<mask>")
  static let xlmRoberta = SpecialTokenNames(
    beginning: "<s>", end: "</s>", unknown: "<unk>", classifier: "<s>", separator: "</s>", padding: "<pad>",
    mask: "<mask>")
}
