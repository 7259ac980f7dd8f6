#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds small model folders, changes one to three entries of each, and compares ids and vectors with the reference.

usage: compare_folders.py [--count 2000] [--seed N] [--keep FOLDER] [--first N]

The entries and their values come from Tests/SwiftletEncodersTests/Fixtures/folder-inventory.json. The reference is
sentence-transformers with transformers and tokenizers, in this process, one text at a time; on our side are the
programs embed and tokenize of Examples/. A folder agrees if ids, type ids and offsets of texts and pairs are equal and
vectors are within 1e-5 of the largest number. A folder that one side refuses must be of a kind in OURS or THEIRS; all
else is unexplained. Exit status 1 if anything is unexplained, or if fewer than nine of ten folders agree.
"""
import argparse
import collections
import copy
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from transformers import AutoTokenizer, BertConfig
from transformers.utils import logging

from bert_reference import random_weights
from programs import PROGRAMS, ROOT

INVENTORY = ROOT / "Tests" / "SwiftletEncodersTests" / "Fixtures" / "folder-inventory.json"

# What Swiftlet refuses by design: patterns of its messages.
OURS = {
    "a value that the inventory lists as refused": None,  # decided by the mutation, see main
    "a token that every encoding needs is not in the vocabulary": r"no token \".*\" in the vocabulary, which every",
    "an added token whose id another token has": r"without gaps: the added token",
    "a special token set to null": r"_token null is not supported",
    "a text with an added token that has no embedding": r"but the model has \d+ embeddings",
    "a special token around texts that has no embedding": r"the vocabulary has \d+ tokens, but config.json",
    "a type id that the model has no embedding of": r"gives tokens the type \d+",
    "an empty text without special tokens": r"a text has no tokens",
    "a maximum length without room for the special tokens": r"maximum length -?\d+",
}

# What the reference refuses: patterns of its exceptions.
THEIRS = {
    "a text whose length is not a multiple of the chunk size": r"The dimension to be chunked",
    "no padding token": r"does not have a padding token",
    "a token without embedding": r"index out of range in self",
    "a special token of another type": r"has to be either str or AddedToken",
    "the general class without tokenizer.json": r"Couldn't instantiate the backend tokenizer",
    "a type id without embedding": r"index out of range in self",
    "unknown keys of a module": r"unexpected keyword argument",
    "an unknown word without an unknown token": r"WordPiece error: Missing \[UNK\]|Missing .*unk",
    "a prompt without text in the file": r"not found in the configured prompts",
    "a module_output_name is wanted": r"requires also providing module_output_name|module_output_name",
    "an empty text without tokens": r"cannot reshape tensor of 0 elements|Expected .*non-zero|max\(\): Expected reduction",
    "max_length below the special tokens": r"Truncation error|assertion|out of range for slice|overflow",
}

TEXTS = [
    "the cat sat on the mat", "The Café in ÉCOLE naïve İstanbul", "中文 and the cat 漢", "[MASK] in [SEP] text [unused1] x",
    "foo Foo bar [X] y  [Y] z[X]", "  spaces\there\u3000and\u200b there ", "a.b,c! (d) #e -- f'g", "x" * 101 + " cat " + "y" * 205,
    "the cat sat " * 30, "unaffable cats running sitting", "e\u0301 a\u0327\u0301 ΣΑΣ Straße", "[PAD][CLS] a [cls] [Z]", "",
]
PAIRS = [("the cat", "sat on Mat"), ("É [SEP] foo", "[X] bar"), ("", "中 a"), ("a b c", "[MASK]")]


def vocabulary():
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused1]"]
    characters = [chr(c) for c in range(0x21, 0x7F)] + list("éÉàçïöüœßσςΣαΑ中文漢字ie\u0301\u0327")
    words = "the The cat cats sat mat Mat on in and text foo Foo bar Café cafe café CAFÉ ecole naive run sit un aff able istanbul i\u0307 strasse straße σας".split()
    pieces = ["##" + piece for piece in "s ing ning ting able aff a e i o n t r x y 文 é".split()]
    others = ["@@s", "@@ing", "@@able"]
    return list(dict.fromkeys(tokens + characters + words + pieces + others))


VOCABULARY = vocabulary()
ROWS = len(VOCABULARY) + 5
CONFIG = BertConfig(
    vocab_size=ROWS, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
    max_position_embeddings=64, type_vocab_size=2)


# MARK: Folders before a change

def flags(content, id, special=True, **more):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": not special, "special": special} | more


def entries():
    return {entry["file"] + "|" + entry["key"]: entry for entry in json.loads(INVENTORY.read_text(encoding="utf-8"))}


def tokenizer_file():
    special = VOCABULARY[:5]
    template = entries()["tokenizer.json|post_processor"]["values"][0]
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [flags(content, id) for id, content in enumerate(special)],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": template,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": {token: id for id, token in enumerate(VOCABULARY)}},
    }


def bases():
    """Name to the JSON and text files of a folder, as tools and versions write them."""
    config = CONFIG.to_dict() | {"architectures": ["BertModel"], "torch_dtype": "float32", "position_embedding_type": "absolute"}
    config = {key: value for key, value in config.items() if value is not None and key != "dtype"}
    older = [{"idx": i, "name": str(i), "path": path, "type": "sentence_transformers.models." + kind}
             for i, (path, kind) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])]
    newer = copy.deepcopy(older)
    for module, kind in zip(newer, ["base.modules.transformer.Transformer", "sentence_transformer.modules.pooling.Pooling", "base.modules.normalize.Normalize"]):
        module["type"] = "sentence_transformers." + kind
    modes = {"pooling_mode_" + mode: mode == "mean_tokens" for mode in ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens"]}
    settings = {"do_lower_case": True, "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
    special_map = {key: value for key, value in settings.items() if key.endswith("_token")}
    vocab = "".join(token + "\n" for token in VOCABULARY)
    decoder = {str(id): {key: value for key, value in flags(content, id).items() if key != "id"} for id, content in enumerate(VOCABULARY[:5])}
    prompts = {"prompts": {"query": "Query: ", "document": ""}, "default_prompt_name": None, "similarity_fn_name": "cosine"}
    typeless = tokenizer_file()
    del typeless["model"]["type"]
    cased = settings | {"do_lower_case": False}
    return {
        "version 2, vocab.txt": {
            "config.json": config, "modules.json": older, "1_Pooling/config.json": {"word_embedding_dimension": 16} | modes,
            "sentence_bert_config.json": {"max_seq_length": 32, "do_lower_case": False}, "vocab.txt": vocab,
            "tokenizer_config.json": settings | {"model_max_length": 512}, "special_tokens_map.json": special_map,
            "config_sentence_transformers.json": {"__version__": {"sentence_transformers": "2.0.0"}}},
        "version 2, tokenizer.json": {
            "config.json": config, "modules.json": older[:2], "1_Pooling/config.json": {"word_embedding_dimension": 16} | modes,
            "sentence_bert_config.json": {"max_seq_length": 32, "do_lower_case": False}, "vocab.txt": vocab,
            "tokenizer.json": typeless, "tokenizer_config.json": settings | {"tokenizer_class": "BertTokenizer"},
            "special_tokens_map.json": special_map},
        "version 3, cased": {
            "config.json": config, "modules.json": older, "1_Pooling/config.json": {"word_embedding_dimension": 16} | modes | {"include_prompt": True},
            "sentence_bert_config.json": {"max_seq_length": 64, "do_lower_case": False}, "config_sentence_transformers.json": prompts,
            "tokenizer.json": tokenizer_file(), "tokenizer_config.json": cased | {"added_tokens_decoder": decoder, "tokenizer_class": "BertTokenizer", "model_max_length": 64},
            "special_tokens_map.json": special_map},
        "version 6": {
            "config.json": config, "modules.json": newer, "1_Pooling/config.json": {"embedding_dimension": 16, "pooling_mode": "mean", "include_prompt": True},
            "2_Normalize/config.json": {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"},
            "sentence_bert_config.json": {"transformer_task": "feature-extraction", "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}, "module_output_name": "token_embeddings"},
            "config_sentence_transformers.json": prompts | {"model_type": "SentenceTransformer"},
            "tokenizer.json": tokenizer_file(), "tokenizer_config.json": settings | {"backend": "tokenizers", "is_local": True, "model_max_length": 64, "strip_accents": None, "tokenize_chinese_chars": True, "tokenizer_class": "BertTokenizer"}},
        "the general class": {
            "config.json": config, "modules.json": newer[:2], "1_Pooling/config.json": {"embedding_dimension": 16, "pooling_mode": "cls", "include_prompt": True},
            "sentence_bert_config.json": {"max_seq_length": 48}, "tokenizer.json": tokenizer_file(),
            "tokenizer_config.json": special_map | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64, "added_tokens_decoder": decoder}},
        "bare": {"config.json": config, "vocab.txt": vocab, "tokenizer.json": tokenizer_file(), "tokenizer_config.json": settings},
    }


# MARK: Changes

def mutations(entry, files):
    """The values of an entry that fit a folder, each with whether Swiftlet refuses it: (value, is refused)."""
    if entry["file"] == "model.safetensors":
        return [(value, False) for value in entry.get("values", [])]
    if entry["file"] not in files and not (entry["key"] == "" and entry["file"] in ("special_tokens_map.json", "added_tokens.json")):
        return []
    found = [(value, False) for value in entry.get("values", [])]
    if entry.get("absent"):
        found.append(("$remove", False))
    return found + [(value, True) for value in entry.get("refused_values", [])]


def change(files, entry, value):
    """Sets an entry; returns whether anything changed."""
    name, key = entry["file"], entry["key"]
    if name == "model.safetensors":
        files["$weights"] = value
        return True
    if key == "":
        if value == "$remove":
            return files.pop(name, None) is not None
        if isinstance(value, str) and value.startswith("$rename:"):
            files[value.removeprefix("$rename:")] = files.pop(name)
            return True
        files[name] = copy.deepcopy(value)
        return True
    place = files[name]
    *path, last = key.split("/")
    if path == ["*"]:
        place = random_module(place)
        path = []
    for part in path:
        if not isinstance(place, dict) or not isinstance(place.get(part), dict):
            return False
        place = place[part]
    if value == "$remove":
        return place.pop(last, "$remove") != "$remove"
    place[last] = copy.deepcopy(value)
    return True


def random_module(modules):
    return modules[-1]


def write(folder, files, weights):
    for name, content in files.items():
        if name.startswith("$"):
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    kind = files.get("$weights", "plain")
    for source in (weights / kind).iterdir():
        os.symlink(source, folder / source.name)


def write_weights(root):
    """A folder of weights for each name that the inventory's values of model.safetensors have."""
    plain = {name: torch.from_numpy(array) for name, array in random_weights(CONFIG, seed=5).items()}
    heads = {"cls.predictions.bias": torch.zeros(ROWS), "bert.embeddings.position_ids": torch.arange(64)[None]}
    bert = {"bert." + name: tensor for name, tensor in plain.items()}
    older = {re.sub(r"LayerNorm\.weight$", "LayerNorm.gamma", re.sub(r"LayerNorm\.bias$", "LayerNorm.beta", name)): tensor for name, tensor in plain.items()}
    kinds = {"plain": plain, "bert.": bert, "gamma": older, "extra heads": bert | heads}
    for name, dtype in ("F16", torch.float16), ("BF16", torch.bfloat16), ("F64", torch.float64):
        kinds[name] = {key: tensor.to(dtype) for key, tensor in plain.items()}
    for kind, tensors in kinds.items():
        (root / kind).mkdir(parents=True)
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, root / kind / "model.safetensors", metadata={"format": "pt"})
    (root / "shards").mkdir()
    names, index = sorted(plain), {}
    for number, part in enumerate([names[::2], names[1::2]], start=1):
        file = f"model-0000{number}-of-00002.safetensors"
        save_file({name: plain[name] for name in part}, root / "shards" / file, metadata={"format": "pt"})
        index |= {name: file for name in part}
    (root / "shards" / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))


# MARK: Both sides

def reference_tokens(folder):
    """For each text, then for each pair: [ids, type ids, offsets]."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def encoding(text):
        made = tokenizer([text], return_token_type_ids=True, return_offsets_mapping=True)
        return [list(made["input_ids"][0]), list(made["token_type_ids"][0]), [list(pair) for pair in made["offset_mapping"][0]]]

    return [encoding(text) for text in TEXTS], [encoding(pair) for pair in PAIRS]


def reference_vectors(folder, prompt_name=None):
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32})
    vectors = model.encode(TEXTS, batch_size=1, prompt_name=prompt_name, show_progress_bar=False)
    if not np.isfinite(vectors).all():
        raise ValueError("vectors that are not finite")
    return vectors


class Refusal(Exception):
    pass


def run(program, *options):
    result = subprocess.run([PROGRAMS / program, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    if result.returncode < 0 or result.returncode not in (0, 1):
        raise RuntimeError(f"{program} ended with status {result.returncode}: {result.stderr}")
    if result.returncode:
        raise Refusal(result.stderr.strip())
    return result.stdout


def swiftlet(folder, inputs, prompt_name, is_bare):
    def encodings(*options):
        lines = run("tokenize", "--model", folder, "--format", "jsonl", "--quiet", *options).splitlines()
        return [[line["ids"], line["type_ids"], line["offsets"]] for line in map(json.loads, lines)]

    singles = encodings("--input", inputs / "texts")
    pairs = encodings("--input", inputs / "first", "--pair", inputs / "second")
    vectors = inputs / "vectors.npy"
    options = ["--prompt", prompt_name] if prompt_name else []
    options += ["--pooling", "mean"] if is_bare else []  # the deliberate difference: [CLS] without modules.json
    run("embed", "--model", folder, "--input", inputs / "texts", "--output", vectors, "--format", "npy", "--quiet", *options)
    return singles, pairs, np.load(vectors)


def difference(ours, theirs):
    """What differs, in words; None if nothing does."""
    for what, mine, other, texts in ("texts", ours[0], theirs[0], TEXTS), ("pairs", ours[1], theirs[1], PAIRS):
        for text, one, two in zip(texts, mine, other):
            for part, a, b in zip(("ids", "type ids", "offsets"), one, two):
                if a != b:
                    return f"{part} of {what}, {text!r}: {a} here, {b} there"
    if ours[2].shape != theirs[2].shape:
        return f"vectors of shape {ours[2].shape} here, {theirs[2].shape} there"
    errors = np.abs(ours[2] - theirs[2]).max(axis=1) / np.abs(theirs[2]).max()
    worst = int(errors.argmax())
    return None if errors[worst] <= 1e-5 else f"the vector of {TEXTS[worst]!r} differs by {errors[worst]:.2g} of the largest number"


def kind(message, kinds):
    return next((name for name, pattern in kinds.items() if pattern and re.search(pattern, message)), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first folder")
    parser.add_argument("--keep", type=pathlib.Path, help="where folders that are unexplained are kept")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    inventory, outcomes, unexplained = list(entries().values()), collections.Counter(), []
    refusals = collections.Counter()
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        write_weights(root / "weights")
        (root / "texts").write_text("".join(text + "\n" for text in TEXTS), encoding="utf-8")
        (root / "first").write_text("".join(first + "\n" for first, _ in PAIRS), encoding="utf-8")
        (root / "second").write_text("".join(second + "\n" for _, second in PAIRS), encoding="utf-8")
        for number in range(arguments.first, arguments.first + arguments.count):
            random.seed(f"{arguments.seed}/{number}")
            name, files = random.choice(list(bases().items()))
            wanted, changes, is_refused = random.randint(1, 3), [], False
            while len(changes) < wanted:
                entry = random.choice(inventory)
                values = mutations(entry, files)
                if not values or any(entry["file"] == other["file"] and entry["key"] == other["key"] for other, _ in changes):
                    continue
                # A refused value is rare, or few folders would load.
                value, refused = random.choice([pair for pair in values if not pair[1]] or values) if random.random() < 0.94 else random.choice(values)
                if change(files, entry, value):
                    changes.append((entry, value))
                    is_refused |= refused
            prompts = [key for key, text in (files.get("config_sentence_transformers.json", {}).get("prompts") or {}).items() if text is not None]
            prompt_name = random.choice(prompts + [None]) if "modules.json" in files else None
            folder = root / "folder"
            write(folder, files, root / "weights")
            title = f"{number}: {name}; " + "; ".join(f"{entry['file']} {entry['key']} = {json.dumps(value, ensure_ascii=False)[:160]}" for entry, value in changes)
            theirs = ours = None
            their_refusal = our_refusal = ""
            try:
                theirs = *reference_tokens(folder), reference_vectors(folder, prompt_name)
            except Exception as error:
                their_refusal = f"{type(error).__name__}: {error}"[:300]
            try:
                ours = swiftlet(folder, root, prompt_name, "modules.json" not in files)
            except Refusal as error:
                our_refusal = str(error)
            problem = None
            if ours and theirs:
                problem = difference(ours, theirs)
                outcome = "agree" if problem is None else "differ"
            elif theirs:
                outcome = "refused here only"
                found = "a value that the inventory lists as refused" if is_refused else kind(our_refusal, OURS)
                refusals[f"here: {found}"] += 1
                problem = None if found else our_refusal
            elif ours:
                outcome = "refused there only"
                found = kind(their_refusal, THEIRS)
                refusals[f"there: {found}"] += 1
                problem = None if found else their_refusal
            else:
                outcome = "refused by both"
            outcomes[outcome] += 1
            if problem:
                unexplained.append(f"{title}\n    {problem}")
                print(unexplained[-1], flush=True)
                if arguments.keep:
                    shutil.copytree(folder, arguments.keep / str(number), dirs_exist_ok=True)
            shutil.rmtree(folder)
    print(f"{arguments.count} folders of seed {arguments.seed}: " + ", ".join(f"{count} {name}" for name, count in outcomes.most_common()))
    for name, count in refusals.most_common():
        print(f"  {count} {name}")
    print(f"{len(unexplained)} unexplained")
    return 1 if unexplained or outcomes["agree"] < 0.9 * arguments.count else 0


if __name__ == "__main__":
    sys.exit(main())
