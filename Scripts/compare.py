#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Swiftlet with transformers and sentence-transformers on a BERT folder, layer by layer.

usage: compare.py FOLDER [--texts FILE]

FILE has a text a line; by default it is the page of the goldens. Prints for each layer the largest error of
Swiftlet's float32 hidden states, and that of PyTorch's, against PyTorch in float64. Then the smallest cosine of
Swiftlet's vectors with sentence-transformers' (for a bare folder: with [CLS]). Exits 1 unless Swiftlet's error over all
layers is at most 4 times PyTorch's and 1e-5 x max(1, max|h|), and each cosine is at least 0.999999.
Needs: swift build -c release --package-path Fuzzing --product hidden-states
"""
import argparse
import pathlib

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from bert_reference import FIXTURES, hidden_states, largest_errors, load
from programs import embed, layer_states

PAGE = FIXTURES / "all-MiniLM-L6-v2" / "page.txt"


def sentence_transformer(folder):
    """The folder as sentence-transformers reads it; a bare folder as Swiftlet reads it, with [CLS] pooling."""
    if (folder / "modules.json").exists():
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    transformer = Transformer(str(folder), model_kwargs={"dtype": torch.float32})
    pooling = Pooling(transformer.get_embedding_dimension(), "cls")
    return SentenceTransformer(modules=[transformer, pooling], device="cpu")


def compare_hidden_states(folder, encodings, ours):
    """Prints a line a layer; returns whether the states are within the bounds."""
    single, double = load(folder, torch.float32), load(folder, torch.float64)
    errors, single_errors, largest = [], [], 0
    for index, encoding in enumerate(encodings):
        reference = hidden_states(double, encoding)
        errors.append(largest_errors(ours[index], reference))
        single_errors.append(largest_errors(hidden_states(single, encoding), reference))
        largest = max(largest, np.abs(reference).max())
    errors, single_errors = np.max(errors, axis=0), np.max(single_errors, axis=0)
    for layer, (error, single_error) in enumerate(zip(errors, single_errors)):
        print(f"layer {layer:2}: Swiftlet {error:.2e}  PyTorch {single_error:.2e}  ratio {error / single_error:.2f}")
    return errors.max() <= min(4 * single_errors.max(), 1e-5 * max(1, largest))


def smallest_cosine(ours, reference):
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(reference, axis=1)
    return ((ours.astype(np.float64) * reference).sum(axis=1) / norms).min()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--texts", type=pathlib.Path, default=PAGE)
    arguments = parser.parse_args()
    folder = arguments.folder
    texts = arguments.texts.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    states, vectors = layer_states(folder, texts), embed(texts, "--model", folder)
    model = sentence_transformer(folder)
    encodings = [model.tokenizer(text, truncation=True, max_length=model.max_seq_length) for text in texts]
    within = compare_hidden_states(folder, encodings, states)
    cosine = smallest_cosine(vectors, np.concatenate([model.encode([text]) for text in texts]))
    print(f"{len(texts)} texts: smallest cosine {cosine:.7f}; hidden states {'within' if within else 'OUTSIDE'} the bounds")
    raise SystemExit(0 if within and cosine >= 0.999999 else 1)


if __name__ == "__main__":
    main()
