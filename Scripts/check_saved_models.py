#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the vectors of models that Swiftlet saved with those of sentence-transformers on the same folders.

usage: check_saved_models.py FOLDER

First: SWIFTLET_SAVED_MODELS=FOLDER swift test --filter SavedModelTests. Exits with an error if a vector is off by more
than 1e-5.
"""
import argparse
import json
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    worst = 0
    for texts in sorted(parser.parse_args().folder.glob("*/texts.json")):
        model = SentenceTransformer(str(texts.parent), device="cpu", local_files_only=True)
        vectors = np.concatenate([model.encode([text]) for text in json.loads(texts.read_text())])
        error = np.abs(vectors - load_file(texts.parent / "vectors.safetensors")["vectors"]).max()
        modules = ", ".join(type(module).__name__ for module in model)
        print(f"{texts.parent.name}: {len(vectors)} vectors of {modules}, off by {error:.1e}")
        worst = max(worst, error)
    sys.exit(not worst <= 1e-5)


if __name__ == "__main__":
    main()
