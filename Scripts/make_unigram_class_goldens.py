#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes Tests/SwiftletTokenizersTests/Fixtures/unigram/classes.json: what transformers makes of folders with a Unigram
tokenizer.json, by the class that they name.

usage: make_unigram_class_goldens.py

Each case is one of the tokenizers of make_unigram_goldens.py, other files beside it, and texts to replace in tokenizer.json.
"""
import json
import multiprocessing
import os
import pathlib
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from transformers import AutoTokenizer

from make_unigram_goldens import FIXTURES, TRAINING, write_folder

CONFIGURATION = "tokenizer_config.json"
TEXTS = TRAINING[0:10:4] + TRAINING[20:40:7] + [
    " leading", "two  spaces   three ", " \u3000 ", "▁▁a", "a ▁b", "\u3000全角　スペース", "<s> in </s> text <mask>. a<mask>b  <mask> <pad><unk>x",
    "foo Foo \u00a0 [X]  y[X]", "\x01\x02abc", "\u200babc \u200b d", "ｶﾞｷﾞ ㍿ ﷺ ﬃ ½", "é\u0301 e\u0301\u0323 \u0344", "\r\n a\r\nb\tc", "🤖 x🤖y 👍🏽",
    "SEIN frei Q Q …", "zzzzqqqq" * 4, "",
]
PAIRS = [("", ""), ("How many people?", " Sie sind <mask>"), ("人人生而自由", "x"), ("a", "🤖")]
NAMES = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>"}


def xlm(**more):
    return {CONFIGURATION: {"tokenizer_class": "XLMRobertaTokenizer"} | more}


def general(name="PreTrainedTokenizerFast", **more):
    return {CONFIGURATION: {"tokenizer_class": name} | more}


def flags(content, **more):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} | more


# Name of a case: tokenizer, files, and what is replaced in tokenizer.json.
CASES = {
    "XLM-RoBERTa's class": ("multilingual", xlm(), []),
    "XLM-RoBERTa's fast class overrides the stages": ("spaces", general("XLMRobertaTokenizerFast"), []),
    "XLM-RoBERTa's class, its map in a sequence": ("odd", xlm(), []),
    "XLM-RoBERTa's class without a map": ("plain", xlm(), []),
    "XLM-RoBERTa's class, a map in a sequence in a sequence": ("spaces", xlm(), [['"normalizer":{', '"normalizer":{"type":"Sequence","normalizers":[{'], ['},"pre_tokenizer"', '}]},"pre_tokenizer"']]),
    "the class of the model type": ("spaces", {"config.json": {"model_type": "xlm-roberta"}, CONFIGURATION: {}}, []),
    "the class of config.json": ("spaces", {"config.json": {"model_type": "bert", "tokenizer_class": "XLMRobertaTokenizer"}}, []),
    "no space before words": ("multilingual", xlm(add_prefix_space=False), []),
    "null before words": ("multilingual", xlm(add_prefix_space=None), []),
    "no type of the model": ("multilingual", xlm(), [['"type":"Unigram",', ""]]),
    "beginning and end by name": ("multilingual", xlm(bos_token="<pad>", eos_token="<mask>", cls_token="<unk>"), []),
    "a new mask by name": ("multilingual", xlm(mask_token="[X]"), []),
    "a mask with its own flags": ("multilingual", xlm(mask_token=flags("<mask>", __type="AddedToken")), []),
    "special tokens that are text": ("multilingual", xlm(split_special_tokens=True), []),
    "further special tokens": ("multilingual", xlm(extra_special_tokens=["[X]", "foo"]), []),
    "further special tokens of the older name": ("plain", xlm(additional_special_tokens=["[X]", "foo"]), []),
    "added_tokens_decoder": ("multilingual", xlm(added_tokens_decoder={"1603": flags("Foo", special=False, normalized=True, lstrip=True), "7": flags("[X]", rstrip=True)}), []),
    "special_tokens_map.json": ("spaces", xlm() | {"special_tokens_map.json": {"mask_token": flags("[X]", lstrip=True), "eos_token": "<pad>"}}, []),
    "added_tokens.json": ("spaces", xlm() | {"added_tokens.json": {"Foo": 1700, "[X]": 1600}}, []),
    "the general class": ("multilingual", general(**NAMES), []),
    "the general class, offsets trimmed": ("spaces", general(**NAMES, mask_token="<mask>"), []),
    "the general class, spaces kept in offsets": ("spaces", general(), [['"trim_offsets":true,"add_prefix_space":true', '"trim_offsets":true,"add_prefix_space":false']]),
    "the general class, all otherwise": ("odd", general("TokenizersBackend"), []),
    "the general class, the model alone": ("plain", general("TokenizersBackend", mask_token="[X]", extra_special_tokens=["foo"]), []),
    "the general class, types for the model": ("odd", general(model_input_names=["input_ids", "token_type_ids"]), []),
    "the general class, special tokens that are text": ("odd", general(split_special_tokens=True), []),
    "the general class, added tokens elsewhere": ("odd", general(added_tokens_decoder={"9": flags("foo", normalized=True), "950": flags("[X]", lstrip=True)}), []),
    "the general class, tokens to add beside tokenizer.json": ("odd", general(bos_token="<s>", eos_token="</s>", add_bos_token=False, add_eos_token=True), []),
    "an unknown class": ("spaces", general("SomeOtherTokenizer"), []),
    "the general class of config.json": ("spaces", {"config.json": {"model_type": "bert", "tokenizer_class": "PreTrainedTokenizerFast"}}, []),
    "a model type without a class": ("spaces", {"config.json": {"model_type": "modernbert"}}, []),
}


def encodings(folder):
    """For each text, then for each pair: [ids, type ids, offsets]."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def encoding(text):
        made = tokenizer([text], return_token_type_ids=True, return_offsets_mapping=True)
        return [made["input_ids"][0], made["token_type_ids"][0], [list(pair) for pair in made["offset_mapping"][0]]]

    return [encoding(text) for text in TEXTS], [encoding(pair) for pair in PAIRS]


def main():
    cases = []
    for name, (tokenizer, files, replacements) in CASES.items():
        with tempfile.TemporaryDirectory() as parent:
            folder = pathlib.Path(parent) / "folder"
            write_folder(folder, tokenizer)
            file = folder / "tokenizer.json"
            text = file.read_text(encoding="utf-8")
            for old, new in replacements:
                assert text.count(old) == 1, (name, old, text.count(old))
                text = text.replace(old, new)
            file.write_text(text, encoding="utf-8")
            files = {"config.json": {"model_type": "bert"}} | files
            for path, content in files.items():
                (folder / path).write_text(json.dumps(content), encoding="utf-8")
            # A process of its own: in the reference, what a class's name means depends on the classes loaded before.
            with multiprocessing.get_context("fork").Pool(1) as process:
                singles, pairs = process.apply(encodings, (folder,))
        texts = {path: json.dumps(content) for path, content in files.items()}
        cases.append({
            "name": name, "tokenizer": tokenizer, "files": texts, "replacements": replacements, "singles": singles, "pairs": pairs})
    head = json.dumps({"texts": TEXTS, "pairs": PAIRS}, ensure_ascii=False)[:-1]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    (FIXTURES / "classes.json").write_text(head + ',\n"cases": [\n' + lines + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
