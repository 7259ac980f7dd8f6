// SPDX-License-Identifier: Apache-2.0

/// How a vocabulary spells the tokens that stand for something else than text.
struct SpecialTokenNames {
  var unknown = "[UNK]"
  var classifier = "[CLS]"
  var separator = "[SEP]"
  var padding = "[PAD]"
  var mask = "[MASK]"

  /// Their keys in tokenizer_config.json.
  static var keys: [(String, WritableKeyPath<SpecialTokenNames, String>)] {
    [
      ("unk_token", \.unknown), ("cls_token", \.classifier), ("sep_token", \.separator),
      ("pad_token", \.padding),
      ("mask_token", \.mask),
    ]
  }

  var all: [String] { [padding, unknown, classifier, separator, mask] }
}
