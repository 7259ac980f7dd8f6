#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the vectors and scores of models that Swiftlet saved with those of sentence-transformers on the same folders.

usage: check_saved_models.py FOLDER

First: SWIFTLET_SAVED_MODELS=FOLDER swift test --filter "SavedModelTests|CrossEncoderTrainingTests". Exits with an error if
a number is off by more than 1e-5.
"""
import argparse
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import load_file
from sentence_transformers import CrossEncoder, SentenceTransformer
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def error_of_cross_encoder(path):
    """The largest error of the scores in scores.json, and of the logits that transformers alone gives."""
    expected, folder = json.loads(path.read_text()), str(path.parent)
    encoder = CrossEncoder(folder, device="cpu", local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    errors = []
    for pair, score, logit in zip(expected["pairs"], expected["scores"], expected["logits"]):
        with torch.inference_mode():
            # In lists: an empty second text alone would count as none.
            logits = model(**tokenizer(pair[:1], pair[1:], return_tensors="pt")).logits
        errors += [abs(encoder.predict([tuple(pair)])[0] - score), abs(logits.item() - logit)]
    return max(errors)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    worst, folder = 0, parser.parse_args().folder
    for scores in sorted(folder.glob("*/scores.json")):
        error = error_of_cross_encoder(scores)
        print(f"{scores.parent.name}: scores off by {error:.1e}")
        worst = max(worst, error)
    for texts in sorted(folder.glob("*/texts.json")):
        model = SentenceTransformer(str(texts.parent), device="cpu", local_files_only=True)
        vectors = np.concatenate([model.encode([text]) for text in json.loads(texts.read_text())])
        error = np.abs(vectors - load_file(texts.parent / "vectors.safetensors")["vectors"]).max()
        modules = ", ".join(type(module).__name__ for module in model)
        print(f"{texts.parent.name}: {len(vectors)} vectors of {modules}, off by {error:.1e}")
        worst = max(worst, error)
    sys.exit(not worst <= 1e-5)


if __name__ == "__main__":
    main()
