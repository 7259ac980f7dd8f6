#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of model folders as people have them: what transformers and sentence-transformers make of their files.

usage: make_folder_goldens.py

Writes Tests/SwiftletTokenizersTests/Fixtures/folders.json (tokens) and Tests/SwiftletEncodersTests/Fixtures/folders/
(vectors, and the weights of all its folders). Each case is a folder of compare_folders.py with some entries changed.
In the files the text "@VOCABULARY@" stands for the vocabulary, as JSON or as lines.
"""
import json
import multiprocessing
import pathlib
import shutil
import tempfile

import torch

import compare_folders as folders
from compare_folders import VOCABULARY, bases, change, entries, flags

TESTS = folders.ROOT / "Tests"
REPLACED = "@VOCABULARY@"
LOWERCASE_FIRST = {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, bases()["version 6"]["tokenizer.json"]["normalizer"]]}
CASED = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
TYPES = entries()["tokenizer.json|post_processor"]["values"][5]
ADDED = [flags("[X]", 300, lstrip=True, rstrip=True), flags("Foo", 301, special=False, single_word=True), flags("[MASK]", 4)]
FILE, CONFIGURATION, SETTINGS = "tokenizer.json", "tokenizer_config.json", "sentence_bert_config.json"
GENERAL, V2, V2J, V3, V6, BARE = "the general class", "version 2, vocab.txt", "version 2, tokenizer.json", "version 3, cased", "version 6", "bare"

# Name of a case: its folder, then what is changed.
TOKENS = {name: (name, []) for name in bases()} | {
    "BERT's class overrides the file": (V6, [(FILE, "normalizer", CASED), (FILE, "model/max_input_chars_per_word", 3), (FILE, "post_processor", TYPES)]),
    "BERT's class without do_lower_case": (V6, [(CONFIGURATION, "do_lower_case", "$remove"), (FILE, "normalizer", CASED)]),
    "BERT's class, cased without ideographs": (V6, [(CONFIGURATION, "do_lower_case", False), (CONFIGURATION, "tokenize_chinese_chars", False)]),
    "BERT's class, accents kept": (V6, [(CONFIGURATION, "strip_accents", False)]),
    "no tokenizer_config.json": (V6, [(CONFIGURATION, "", "$remove"), (FILE, "normalizer", CASED)]),
    "the class of config.json": (V6, [(CONFIGURATION, "tokenizer_class", "$remove"), ("config.json", "tokenizer_class", "PreTrainedTokenizerFast"), (FILE, "normalizer", CASED)]),
    "DPR's class always lowercases": (V3, [(CONFIGURATION, "tokenizer_class", "DPRQuestionEncoderTokenizer")]),
    "DPR's fast class uses the file": (V6, [(CONFIGURATION, "tokenizer_class", "DPRContextEncoderTokenizerFast"), (FILE, "normalizer", CASED), (FILE, "post_processor", TYPES)]),
    "an unknown class uses the file": (V6, [(CONFIGURATION, "tokenizer_class", "SomeOtherTokenizer"), (FILE, "normalizer", CASED), (FILE, "post_processor", TYPES)]),
    "lowercasing before BERT's steps": (GENERAL, [(FILE, "normalizer", LOWERCASE_FIRST)]),
    "lowercasing alone": (GENERAL, [(FILE, "normalizer", {"type": "Lowercase"})]),
    "no normalizer": (GENERAL, [(FILE, "normalizer", None)]),
    "short words": (GENERAL, [(FILE, "model/max_input_chars_per_word", 3), (FILE, "model/continuing_subword_prefix", "@@")]),
    "long words": (GENERAL, [(FILE, "model/max_input_chars_per_word", 2000)]),
    "a sequence of pre-tokenizers": (GENERAL, [(FILE, "pre_tokenizer", {"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}]})]),
    "no post-processor": (GENERAL, [(FILE, "post_processor", None)]),
    "truncation in the file": (GENERAL, [(FILE, "truncation", {"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0})]),
    "added tokens": (GENERAL, [(FILE, "added_tokens", ADDED)]),
    "added tokens that the configuration changes": (GENERAL, [(FILE, "added_tokens", ADDED), (CONFIGURATION, "added_tokens_decoder", {"300": {"content": "[X]", "special": False, "normalized": True}, "7": {"content": "bar", "special": True}})]),
    "added tokens of the file, BERT's class": (V2J, [(FILE, "added_tokens", ADDED)]),
    "added tokens of the configuration alone": (V6, [(FILE, "added_tokens", ADDED), (CONFIGURATION, "added_tokens_decoder", {"400": {"content": "[Y]", "special": True}})]),
    "special tokens by name": (V6, [(CONFIGURATION, "mask_token", {"__type": "AddedToken", "content": "[X]", "lstrip": True, "normalized": False, "rstrip": False, "single_word": False}), (CONFIGURATION, "sep_token", "[unused1]")]),
    "special tokens that are text": (V6, [(CONFIGURATION, "split_special_tokens", True)]),
    "further special tokens": (V6, [(CONFIGURATION, "bos_token", "[X]"), (CONFIGURATION, "some_token", "foo"), (CONFIGURATION, "extra_special_tokens", ["[Y]", "cat"])]),
    "further special tokens of the older name": (GENERAL, [(CONFIGURATION, "additional_special_tokens", ["[Y]", "cat"])]),
    "special_tokens_map.json": (V2, [("special_tokens_map.json", "", {"mask_token": {"content": "[X]", "lstrip": False, "normalized": True, "rstrip": False, "single_word": True}, "sep_token": "[unused1]", "additional_special_tokens": ["foo"]})]),
    "added_tokens.json": (V2, [("added_tokens.json", "", {"Foo": 300, "[X]": 299, "[MASK]": 4})]),
    "companions beside added_tokens_decoder": (V3, [("special_tokens_map.json", "", {"sep_token": "[unused1]"}), ("added_tokens.json", "", {"foo": 300})]),
} | {f"template {index}": (GENERAL, [(FILE, "post_processor", value)]) for index, value in enumerate(entries()["tokenizer.json|post_processor"]["values"])}

VECTORS = {name: (name, []) for name in bases() if name != BARE} | {
    "truncate_dim": (V6, [("config_sentence_transformers.json", "truncate_dim", 5)]),
    "truncate_dim beyond the dimension": (V6, [("config_sentence_transformers.json", "truncate_dim", 500)]),
    "lowercasing before the tokenizer": (V3, [(SETTINGS, "do_lower_case", True)]),
    "the tokenizer's maximum length": (V3, [(SETTINGS, "max_seq_length", "$remove"), (CONFIGURATION, "model_max_length", 7)]),
    "the older name of the maximum length": (V3, [(SETTINGS, "max_seq_length", "$remove"), (CONFIGURATION, "model_max_length", "$remove"), (CONFIGURATION, "max_len", 6)]),
    "the maximum length in arguments": (V3, [(SETTINGS, "tokenizer_args", {"model_max_length": 5})]),
    "settings under an older name": (V2, [(SETTINGS, "max_seq_length", 6), (SETTINGS, "", "$rename:sentence_roberta_config.json")]),
    "a default prompt": (V3, [("config_sentence_transformers.json", "default_prompt_name", "query")]),
    "a default prompt without text": (V2, [("config_sentence_transformers.json", "default_prompt_name", "document")]),
    "a prompt that is not pooled": (V3, [("config_sentence_transformers.json", "default_prompt_name", "query"), ("1_Pooling/config.json", "include_prompt", False)]),
    "types that reach the model": (GENERAL, [(FILE, "post_processor", TYPES), (CONFIGURATION, "model_input_names", ["input_ids", "token_type_ids", "attention_mask"]), ("1_Pooling/config.json", "pooling_mode", "mean")]),
    "types that do not reach the model": (GENERAL, [(FILE, "post_processor", TYPES), ("1_Pooling/config.json", "pooling_mode", "mean")]),
    "a text that ends without a special token": (GENERAL, [(FILE, "post_processor", entries()["tokenizer.json|post_processor"]["values"][4]), ("1_Pooling/config.json", "pooling_mode", "lasttoken")]),
    "the dimension of pooling": (V2, [("1_Pooling/config.json", "word_embedding_dimension", 99)]),
}


def case_files(base, changes):
    files = bases()[base]
    for file, key, value in changes:
        assert change(files, {"file": file, "key": key}, value), (base, file, key, value)
    return files


def shortened(files):
    """The files as texts, without the vocabulary."""
    texts = {}
    for name, content in files.items():
        if name == "vocab.txt":
            texts[name] = REPLACED
        elif name == "tokenizer.json":
            texts[name] = json.dumps(content | {"model": content["model"] | {"vocab": REPLACED}}, ensure_ascii=False)
        else:
            texts[name] = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return texts


def write_json(path, head, cases):
    """Each case on a line of its own."""
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    text = json.dumps(head, ensure_ascii=False)[:-1] + ',\n"cases": [\n' + lines + "\n]}\n"
    path.write_text(text, encoding="utf-8")


def main():
    torch.set_num_threads(1)
    texts = [text if len(text) < 200 else text[:330] for text in folders.TEXTS]
    folders.TEXTS[:] = texts
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        folders.write_weights(root / "weights")

        def results(base, changes, reference):
            files, folder = case_files(base, changes), root / "folder"
            folders.write(folder, files, root / "weights")
            # A process of its own: in the reference, what a class's name means depends on the classes loaded before.
            with multiprocessing.get_context("fork").Pool(1) as process:
                result = process.apply(reference, (folder,))
            shutil.rmtree(folder)
            return shortened(files), result

        cases = []
        for name, (base, changes) in TOKENS.items():
            files, (singles, pairs) = results(base, changes, folders.reference_tokens)
            kept = {file: text for file, text in files.items() if "token" in file or file in ("config.json", "vocab.txt")}
            cases.append({"name": name, "files": kept, "singles": singles, "pairs": pairs})
        head = {"vocabulary": VOCABULARY, "texts": texts, "pairs": folders.PAIRS}
        write_json(TESTS / "SwiftletTokenizersTests" / "Fixtures" / "folders.json", head, cases)

        cases, count = [], 6
        for name, (base, changes) in VECTORS.items():
            files, vectors = results(base, changes, folders.reference_vectors)
            cases.append({"name": name, "files": files, "vectors": [[float(str(number)) for number in row] for row in vectors[:count]]})
        target = TESTS / "SwiftletEncodersTests" / "Fixtures" / "folders"
        target.mkdir(exist_ok=True)
        write_json(target / "cases.json", {"vocabulary": VOCABULARY, "texts": texts[:count]}, cases)
        shutil.copyfile(root / "weights" / "plain" / "model.safetensors", target / "model.safetensors")


if __name__ == "__main__":
    main()
