#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of small random cross-encoders, Tests/SwiftletEncodersTests/Fixtures/cross-encoders/; the README above is
the format.

usage: make_cross_encoder_goldens.py

Each model is a folder as transformers or sentence-transformers writes it. Each case is one of them with some files
changed, and the scores that sentence-transformers' CrossEncoder gives for it in float64, each pair alone.
"""
import json
import pathlib
import shutil
import tempfile

import torch
from sentence_transformers import CrossEncoder
from transformers import AutoModelForSequenceClassification

from bert_reference import (
    FIXTURES, SPECIAL_TOKENS, SPECIAL_TOKENS_OF_ROBERTA, configuration, random_weights, write_json, write_model)
from make_bert_goldens import vocabulary

PAIRS = [
    ("the cat sat", "A dog ran away, jumping!"),
    ("", "the mat"),
    ("running on a mat?", ""),
    ("", ""),
    ("Café ÉCOLE 中国 [SEP] £9?", "It was 1984; the dog's cat had sat there."),
    ("the cat", "the cat and the dog and " * 20),  # the second is cut
    ("the cat and the dog and " * 20, "the mat was a cat's"),  # the first is cut
    ("the cat and the dog and " * 20, "a dog ran, a cat sat, " * 19),  # both are cut
    ("a dog ran, a cat sat, " * 19, "the cat and the dog and " * 20),
    ("a dog sat " * 20, "the cat ran " * 20),  # both are cut, of equal length
]

# By name: the model type, the labels, and whether sentence-transformers has saved the folder.
MODELS = {
    "bert": ("bert", ["LABEL_0"], False),
    "bert-2": ("bert", None, False),  # without id2label
    "bert-3": ("bert", ["contradiction", "entailment", "neutral"], False),
    "bert-saved": ("bert", ["LABEL_0"], True),
    "bert-3-saved": ("bert", ["contradiction", "entailment", "neutral"], True),
    "distilbert": ("distilbert", ["LABEL_0"], True),
    "electra": ("electra", ["LABEL_0"], False),
    "mpnet": ("mpnet", ["LABEL_0"], False),
    "xlm-roberta": ("xlm-roberta", ["LABEL_0"], False),
}

CONFIG, NEWER, TOKENIZER = "config.json", "config_sentence_transformers.json", "tokenizer_config.json"
OLDEST_KEY = "sbert_ce_default_activation_function"
IDENTITY, SIGMOID, TANH = (f"torch.nn.modules.{name}" for name in ("linear.Identity", "activation.Sigmoid", "activation.Tanh"))

# By name: the model, and keys with their new values in JSON files; None removes a key.
CASES = {name: (name, []) for name in MODELS} | {
    "versions below 4: none": ("bert", [(CONFIG, OLDEST_KEY, IDENTITY)]),
    "versions below 4: sigmoid": ("bert-3", [(CONFIG, OLDEST_KEY, "torch.nn.Sigmoid")]),
    "versions below 4: null": ("bert", [(CONFIG, OLDEST_KEY, None)]),
    "versions 4 and 5: none": ("bert", [(CONFIG, "sentence_transformers", {"activation_fn": IDENTITY, "version": "4.0.1"})]),
    "versions 4 and 5 before older ones": ("bert", [
        (CONFIG, "sentence_transformers", {"activation_fn": TANH, "version": "5.0.0"}), (CONFIG, OLDEST_KEY, IDENTITY)]),
    "versions 4 and 5 without a function": ("bert", [
        (CONFIG, "sentence_transformers", {"version": "5.0.0"}), (CONFIG, OLDEST_KEY, IDENTITY)]),
    "versions 4 and 5: null": ("bert", [
        (CONFIG, "sentence_transformers", {"activation_fn": None}), (CONFIG, OLDEST_KEY, IDENTITY)]),
    "version 6: none": ("bert-saved", [(NEWER, "activation_fn", IDENTITY)]),
    "version 6 before older ones": ("bert-saved", [
        (NEWER, "activation_fn", "torch.nn.Tanh"), (CONFIG, "sentence_transformers", {"activation_fn": IDENTITY})]),
    "version 6: null": ("bert-saved", [(NEWER, "activation_fn", None), (CONFIG, "sentence_transformers", {"activation_fn": IDENTITY})]),
    "version 6 without modules.json": ("bert", [(NEWER, "activation_fn", IDENTITY), (NEWER, "model_type", "CrossEncoder")]),
    "softmax": ("bert-3-saved", [(NEWER, "activation_fn", "torch.nn.modules.activation.Softmax")]),
    "the tokenizer's maximum length": ("bert", [(TOKENIZER, "model_max_length", 12)]),
    "an odd maximum length": ("bert-saved", [(TOKENIZER, "model_max_length", 17)]),
    "a default prompt": ("bert-saved", [(NEWER, "prompts", {"web": "the dog ran: "}), (NEWER, "default_prompt_name", "web")]),
    "a cased tokenizer": ("bert", [(TOKENIZER, "do_lower_case", False)]),
}


def write_folder(folder, name, seed):
    model_type, labels, is_saved = MODELS[name]
    is_roberta = model_type in ("mpnet", "xlm-roberta")
    pieces = vocabulary(False, SPECIAL_TOKENS_OF_ROBERTA if is_roberta else SPECIAL_TOKENS)
    config = configuration(
        model_type, vocab_size=len(pieces), hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=40, max_position_embeddings=50 if is_roberta else 48, type_vocab_size=1 if is_roberta else 2,
        **({"embedding_size": 12} if model_type == "electra" else {}))
    if labels:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
    kind = AutoModelForSequenceClassification
    write_model(folder, config, random_weights(config, seed, kind), pieces, lowercase=True)
    values = json.loads((folder / CONFIG).read_text())
    values["architectures"] = [kind._model_mapping[type(config)].__name__]
    write_json(folder / CONFIG, values)
    if is_roberta:  # positions start at 2, which the reference leaves to the tokenizer's maximum length
        settings = json.loads((folder / TOKENIZER).read_text())
        write_json(folder / TOKENIZER, settings | {"model_max_length": 48, "model_input_names": ["input_ids", "attention_mask"]})
    if is_saved:
        with tempfile.TemporaryDirectory() as saved:
            CrossEncoder(str(folder), device="cpu", local_files_only=True).save_pretrained(saved, create_model_card=False)
            shutil.rmtree(folder)
            shutil.copytree(saved, folder)


def changed_files(folder, changes):
    """The texts of the files with changes, by name."""
    files = {}
    for name, key, value in changes:
        path = folder / name
        values = files.get(name) or (json.loads(path.read_text()) if path.exists() else {})
        files[name] = values | {key: value}
    return {name: json.dumps(values, ensure_ascii=False) for name, values in files.items()}


def scores(folder, **options):
    """[pairs, labels] in float64, each pair alone and so without padding."""
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True).double()
    rows = [model.predict([pair], convert_to_tensor=True, **options)[0].reshape(-1).tolist() for pair in PAIRS]
    return rows


def main():
    torch.set_num_threads(1)
    target = FIXTURES / "cross-encoders"
    shutil.rmtree(target, ignore_errors=True)
    for seed, name in enumerate(MODELS):
        write_folder(target / name, name, seed)
    cases = []
    for name, (model, changes) in CASES.items():
        files = changed_files(target / model, changes)
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary) / "model"
            shutil.copytree(target / model, folder)
            for file, text in files.items():
                (folder / file).write_text(text, encoding="utf-8")
            case = {"name": name, "model": model, "files": files, "scores": scores(folder)}
            if not changes:
                case["logits"] = scores(folder, activation_fn=torch.nn.Identity())
        cases.append(case)
        print(f"{name}: {case['scores'][0]}")
    write_json(target / "pairs.json", [list(pair) for pair in PAIRS])
    write_json(target / "cases.json", cases)


if __name__ == "__main__":
    main()
